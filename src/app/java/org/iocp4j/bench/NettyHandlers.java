package org.iocp4j.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.SessionHandler;

/**
 * iocp4j's handlers on Netty's NIO transport. What is sent goes out when there is no more to read, small parts
 * together. A large part that nobody can change, of memory outside the heap, is handed on without a copy; so handlers
 * keep the bodies that they send again and again.
 */
final class NettyHandlers implements Peer {
    private final SessionHandler handler;

    NettyHandlers(SessionHandler handler) {
        this.handler = handler;
    }

    @Override
    public int start() {
        var loops = new MultiThreadIoEventLoopGroup(THREADS, Thread.ofPlatform().daemon().factory(),
                NioIoHandler.newFactory());
        return ((InetSocketAddress) new ServerBootstrap().group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(HandlerSession.INPUT_BYTES))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, // so it tells when half of the queue is free
                        new WriteBufferWaterMark(HandlerSession.QUEUE_BYTES / 2, HandlerSession.QUEUE_BYTES / 2))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new Events(new NettySession(handler, channel)));
                    }
                })
                .bind(Peer.anyPort()).syncUninterruptibly().channel().localAddress()).getPort();
    }

    /** Tells the session what happens on its channel. */
    private static final class Events extends ChannelInboundHandlerAdapter {
        private final NettySession session;

        Events(NettySession session) {
            this.session = session;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            session.open();
            session.goOnReading();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object data) {
            session.received((ByteBuf) data);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            session.goOnReading();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            session.goOnReading();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                session.inputEnded();
                session.goOnReading();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            session.ended(CloseReason.PEER_RESET, null);
            session.releaseAll();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
            session.close();
        }
    }

    private static final class NettySession extends HandlerSession {
        /** Of a buffer for small parts. */
        private static final int BATCH_BYTES = 8 * 1024;

        private final SocketChannel channel;
        /** Null: nothing is unread. */
        private ByteBuf unread;
        /** What the handler was shown of it; null: nothing. */
        private ByteBuffer shown;
        /** Small parts that are not yet written; null: none. */
        private ByteBuf batch;
        private boolean endAwaited;
        private boolean outputEnded;

        NettySession(SessionHandler handler, SocketChannel channel) {
            super(handler);
            this.channel = channel;
        }

        void goOnReading() {
            goOn();
            if (!isClosed()) {
                channel.config().setAutoRead(takesInput());
            }
        }

        void received(ByteBuf data) {
            if (isEnding()) {
                data.release(); // it is dropped
                return;
            }
            unread = unread == null ? data
                    : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(channel.alloc(), unread, data);
            received();
        }

        @Override
        ByteBuffer unread() {
            shown = unread == null ? null : unread.nioBuffer();
            return shown;
        }

        @Override
        void haveRead() throws IOException {
            int bytes = shown.position();
            if (bytes == 0 && unread.readableBytes() >= INPUT_BYTES && !isEnding()) {
                throw new IOException("the handler waits for more than a buffer holds");
            }
            shown = null;
            unread.skipBytes(bytes);
            if (!unread.isReadable()) {
                unread.release();
                unread = null;
            }
        }

        @Override
        void take(ByteBuffer data) {
            if (data.remaining() >= LARGE_BYTES && data.isDirect() && data.isReadOnly()) {
                writeBatch();
                channel.write(Unpooled.wrappedBuffer(data.slice()), channel.voidPromise());
                data.position(data.limit());
                return;
            }
            if (batch != null && batch.writableBytes() < data.remaining()) {
                writeBatch();
            }
            if (batch == null) {
                batch = channel.alloc().directBuffer(Math.max(BATCH_BYTES, data.remaining()));
            }
            batch.writeBytes(data);
        }

        private void writeBatch() {
            if (batch != null) {
                ByteBuf full = batch;
                batch = null;
                channel.write(full, channel.voidPromise());
            }
        }

        @Override
        void flush() {
            writeBatch();
            channel.flush();
            if (isEnding() && !endAwaited) {
                endAwaited = true;
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> goOnReading());
            }
        }

        @Override
        public int queuedBytes() {
            ChannelOutboundBuffer written = channel.unsafe().outboundBuffer();
            return (written == null ? 0 : (int) written.totalPendingWriteBytes())
                    + (batch == null ? 0 : batch.readableBytes());
        }

        /** Our FIN, and then the peer's. */
        @Override
        void finish() {
            if (!outputEnded) {
                outputEnded = true;
                channel.shutdownOutput();
            }
            if (!takesInput()) {
                close();
            }
        }

        @Override
        void close() {
            channel.close();
        }

        void releaseAll() {
            if (unread != null) {
                unread.release();
                unread = null;
            }
            if (batch != null) {
                batch.release();
                batch = null;
            }
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return channel.remoteAddress();
        }

        @Override
        public InetSocketAddress localAddress() {
            return channel.localAddress();
        }
    }
}
