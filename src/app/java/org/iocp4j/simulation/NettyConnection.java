package org.iocp4j.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.util.ReferenceCountUtil;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Queue;
import org.iocp4j.netty.IocpFileRegion;
import org.iocp4j.netty.IocpSocketChannel;

/** A connection of the program, its one handler, and what is known of the bytes that go through it. */
final class NettyConnection extends NettyEvents {
    private static final int MOST_BYTES = 300;
    private static final int MOST_TIMEOUT_MILLIS = 400;

    /** So many bytes to write, of what comes next in the stream: which that is shows when the write gets here. */
    record Chunk(int bytes) {
    }

    private final IocpSocketChannel channel;
    private final boolean accepted;
    private ChannelFuture connecting;
    /** Null until it is connected. */
    private CheckedStream in;
    private CheckedStream out;
    private NettyConnection peer;
    private final Queue<NettyWrite> writes = new ArrayDeque<>();
    private int undone;
    private boolean writeFailed;
    private boolean readFailed;
    /** Somebody on this side has closed it, or may have. */
    private boolean closed;
    private boolean inputShutdown;
    private boolean inputEnded;
    private boolean inputEndTold;
    private boolean outputShutdown;

    /** One to be connected. */
    NettyConnection(NettySimulation simulation) {
        this(simulation, new IocpSocketChannel(), false);
    }

    /** One that was accepted. */
    NettyConnection(NettySimulation simulation, IocpSocketChannel accepted) {
        this(simulation, accepted, true);
    }

    private NettyConnection(NettySimulation simulation, IocpSocketChannel channel, boolean accepted) {
        super(simulation);
        this.channel = channel;
        this.accepted = accepted;
        begin();
        SocketChannelConfig config = channel.config();
        config.setAllocator(simulation.memory).setAutoRead(random.chance(0.7))
                .setAllowHalfClosure(random.chance(0.5)).setAutoClose(random.chance(0.9))
                .setConnectTimeoutMillis(random.below(MOST_TIMEOUT_MILLIS))
                .setWriteBufferWaterMark(new WriteBufferWaterMark(100, 100 + random.below(2_000)));
        if (random.chance(0.7)) {
            var sizes = new FixedRecvByteBufAllocator(1 + random.below(MOST_BYTES));
            sizes.maxMessagesPerRead(1 + random.below(5));
            config.setRecvByteBufAllocator(sizes);
        }
        if (random.chance(0.5)) {
            config.setOption(ChannelOption.SO_SNDBUF, Math.max(1, Plan.socketSendBufferBytes(random)));
        }
    }

    @Override
    IocpSocketChannel channel() {
        return channel;
    }

    void register() {
        if (!channel.isRegistered() && channel.isOpen()) {
            call(() -> simulation.loop().register(channel));
        }
    }

    void connect(InetSocketAddress to) {
        register();
        if (random.chance(0.2)) {
            call(() -> channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        }
        call(() -> connecting = channel.connect(to));
        connecting.addListener(done -> {
            knowsStreams(); // a listener may close it before it is told that it is active
            react();
        });
        if (random.chance(0.1)) {
            ChannelFuture second = channel.connect(to);
            require(second.isDone() && !second.isSuccess(), "connects twice");
        }
    }

    // ---- what it does ----

    @Override
    void act() {
        if (wasNeverRegistered()) {
            register();
            return;
        }
        switch (random.below(40)) {
            case 0 -> close();
            case 1 -> shutdownOutput();
            case 2 -> shutdownInput();
            case 3 -> call(channel::deregister);
            case 4, 5, 6 -> register();
            case 7, 8, 9 -> autoRead(true);
            case 10, 11 -> autoRead(false);
            case 12, 13, 14, 15 -> call(channel::read);
            case 16, 17, 18 -> call(channel::flush);
            case 19 -> writeNonsense();
            case 20 -> resetWhenClosed();
            case 21 -> shutdown();
            case 22 -> disconnect();
            default -> write();
        }
    }

    void close() {
        closed = true;
        call(channel::close);
    }

    void closeForcibly() {
        closed = true;
        call(channel.unsafe()::closeForcibly);
        neverWas();
    }

    /** Closes it, wherever it is in its life. */
    void leave() {
        if (wasNeverRegistered()) {
            closeForcibly();
        } else {
            close();
        }
    }

    private void disconnect() {
        if (random.chance(0.3)) {
            closed = true;
            call(channel::disconnect);
        }
    }

    private void resetWhenClosed() {
        if (isActive() && channel.isOpen() && !simulation.optionsFail() && random.chance(0.3)) {
            call(() -> channel.config().setOption(ChannelOption.SO_LINGER, 0));
        }
    }

    private void shutdownOutput() {
        if (isActive()) {
            call(() -> channel.shutdownOutput().addListener(done -> {
                outputShutdown |= done.isSuccess();
                react();
            }));
        }
    }

    private void shutdownInput() {
        if (isActive()) {
            inputShutdown = true;
            in.lost();
            call(channel::shutdownInput);
        }
    }

    private void shutdown() {
        if (isActive() && random.chance(0.3)) {
            inputShutdown = true;
            in.lost();
            call(() -> channel.shutdown().addListener(done -> outputShutdown |= done.isSuccess()));
        }
    }

    private void write() {
        if (!knowsStreams() && random.chance(0.8)) {
            return;
        }
        NettyWrite write = promise();
        Chunk chunk = new Chunk(random.chance(0.1) ? 0 : 1 + random.below(MOST_BYTES));
        if (out == null || random.chance(0.7)) {
            call(() -> channel.writeAndFlush(chunk, write));
        } else {
            call(() -> channel.write(chunk, write));
        }
    }

    private void writeNonsense() {
        NettyWrite write = promise();
        call(() -> channel.write("nonsense", write));
        require(write.isDone() && !write.isSuccess(), "writes nonsense");
    }

    private NettyWrite promise() {
        undone++;
        return new NettyWrite(channel, simulation, this::written);
    }

    // ---- what others do, on any thread ----

    void actFromElsewhere() {
        if (wasNeverRegistered()) {
            return;
        }
        switch (random.below(8)) {
            case 0 -> {
                closed = true;
                channel.close();
            }
            case 1 -> channel.config().setAutoRead(random.chance(0.6));
            case 2 -> channel.read();
            case 3 -> channel.flush();
            default -> {
                if (out != null) {
                    channel.writeAndFlush(new Chunk(1 + random.below(MOST_BYTES)), promise());
                }
            }
        }
    }

    // ---- writing ----

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (!(message instanceof Chunk chunk) || !(promise instanceof NettyWrite write)) {
            context.write(message, promise);
            return;
        }
        if (!knowsStreams()) { // it fails: what would be in it must not come anywhere
            context.write(simulation.messages.of(new byte[chunk.bytes]), promise);
            return;
        }
        writes.add(write);
        if (random.chance(0.06)) {
            int from = random.below(LayerFile.BYTES);
            int count = Math.max(1, Math.min(chunk.bytes, LayerFile.BYTES - from));
            write.end(out.queue(LayerFile.contents(from, count)));
            // Some say that the file is longer than it is.
            int said = from + count == LayerFile.BYTES && random.chance(0.2) ? count + 1 : count;
            context.write(new IocpFileRegion(new File(LayerFile.PATH), from, said), promise);
        } else {
            byte[] next = out.next(chunk.bytes);
            write.end(out.queue(next));
            context.write(simulation.messages.of(next), promise);
        }
    }

    private void written(NettyWrite write, Throwable cause) {
        undone--;
        if (write.end() < 0) {
            require(cause != null, "has written what it may not");
        } else if (cause == null) {
            require(!writeFailed, "writes on after a write has failed");
            require(writes.peek() == write, "has written, and not what it wrote before");
            out.gone(write.end());
        } else {
            writeFailed = true;
        }
        writes.remove(write);
        if (simulation.mayAct() && random.chance(0.3)) {
            act();
        }
    }

    // ---- what it is told ----

    @Override
    void activated() {
        require(knowsStreams(), "is active, and never was connected");
        require(connecting == null || connecting.isSuccess(), "is active, and not connected");
    }

    /** Whether it has been connected: from then on bytes may go, even before the program is told. */
    private boolean knowsStreams() {
        if (out != null || !channel.isActive()) {
            return out != null;
        }
        InetSocketAddress client = accepted ? channel.remoteAddress() : channel.localAddress();
        in = simulation.streams.of(client.getPort(), !accepted);
        out = simulation.streams.of(client.getPort(), accepted);
        peer = simulation.connected(client.getPort(), this);
        if (peer != null) {
            peer.peer = this;
        }
        return true;
    }

    @Override
    void deactivated() {
        boolean byPeer = !closed && !readFailed && !writeFailed && !simulation.isEnding();
        if (byPeer && !inputShutdown && !channel.config().isAllowHalfClosure()) {
            in.ended();
        }
    }

    @Override
    void arrived(Object message) {
        ByteBuf buf = (ByteBuf) message;
        byte[] bytes = new byte[buf.readableBytes()];
        buf.readBytes(bytes);
        require(bytes.length > 0, "reads nothing");
        require(!inputEnded, "reads after the end");
        if (random.chance(0.05) && simulation.mayAct()) {
            simulation.keep(buf);
        } else {
            ReferenceCountUtil.release(buf);
        }
        in.arrived(MemorySegment.ofArray(bytes), bytes.length);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            require(isActive(), "ends when it is not active");
            require(!inputEnded && !inputShutdown, "ends twice");
            require(channel.config().isAllowHalfClosure(), "ends on one side without half-closure");
            inputEnded = true;
            if (!readFailed) {
                in.ended();
            }
        } else if (event == ChannelInputShutdownReadComplete.INSTANCE) {
            require(isActive() && (inputEnded || inputShutdown), "has read to its end, and there is none");
            require(!inputEndTold, "has read to its end twice");
            inputEndTold = true;
        }
        react();
    }

    @Override
    void failed(IOException cause) {
        require(simulation.callsFail() || "Connection reset".equals(cause.getMessage()), "has " + cause);
        readFailed = true;
        in.lost();
    }

    // ---- checks ----

    /** From now on it only reads, and sends what it has. */
    void settle() {
        register();
        if (!wasNeverRegistered()) {
            autoRead(true);
            call(channel::flush);
        }
    }

    private boolean reads() {
        return isActive() && !inputShutdown && !inputEnded && !readFailed;
    }

    private boolean hasEnded() {
        return !isActive() || outputShutdown;
    }

    /** All else has come, and its peer has ended: that is told whether it reads or not. */
    boolean missesEnd() {
        return reads() && channel.isRegistered() && peer != null && peer.hasEnded() && in.isComplete();
    }

    /** Null if all that was to come has come; else what is missing. */
    String missing() {
        if (connecting != null && !connecting.isDone()) {
            return "its connect does not end";
        }
        if (!isActive() || peer == null) {
            return null;
        }
        if (reads() && peer.hasEnded()) {
            return "its peer's end does not come";
        }
        if (reads() && !peer.writeFailed && !in.isComplete()) {
            return "bytes do not come";
        }
        return peer.reads() && !writes.isEmpty() ? "its writes do not end" : null;
    }

    @Override
    void checkEnd() {
        super.checkEnd();
        require(connecting == null || connecting.isDone(), "never ends to connect");
        require(undone == 0 && writes.isEmpty(), "has " + undone + " writes that never ended");
    }

    @Override
    public String toString() {
        return (accepted ? "accepted " : "connecting ") + channel;
    }
}
