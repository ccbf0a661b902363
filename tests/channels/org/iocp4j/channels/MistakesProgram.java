package org.iocp4j.channels;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Does with channels what their documentation forbids, bounds or leaves open, one thing after the other, and writes
 * down what comes of each: a result, what is thrown, or what an operation fails with.
 */
final class MistakesProgram {
    /** More than a loopback connection takes that nobody reads from. */
    private static final ByteBuffer LONG = ByteBuffer.allocateDirect(32 << 20);

    private final AsynchronousChannelProvider provider;
    private final Map<String, String> came = new LinkedHashMap<>();

    private MistakesProgram(AsynchronousChannelProvider provider) {
        this.provider = provider;
    }

    /** What came of everything, in the order in which it was done. */
    static Map<String, String> run(AsynchronousChannelProvider provider) throws Exception {
        MistakesProgram program = new MistakesProgram(provider);
        program.beforeTheConnection();
        program.connects();
        program.wrongArguments();
        program.reads();
        program.writes();
        program.readsInTime();
        program.writesInTime();
        program.cancels();
        program.closes();
        program.shutsDown();
        program.isReset();
        program.accepts();
        program.options();
        program.groups();
        program.handlersThrow();
        return program.came;
    }

    // ---- how it is written down ----

    private interface Attempt {
        Object run() throws Exception;
    }

    private void tries(String what, Attempt attempt) throws Exception {
        String outcome;
        try {
            Object result = attempt.run();
            outcome = result instanceof Future<?> future ? ended(future) : "gives " + named(result);
        } catch (Exception e) {
            outcome = "throws " + told(e);
        }
        if (came.put(what, outcome) != null) {
            throw new AssertionError("done twice: " + what);
        }
    }

    private static String ended(Future<?> future) throws Exception {
        try {
            return "ends with " + named(future.get(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return "fails with " + told(e.getCause());
        } catch (CancellationException e) {
            return "is cancelled";
        } catch (TimeoutException e) {
            return "waits";
        }
    }

    private static String named(Object result) {
        return result instanceof AutoCloseable ? "a channel" : String.valueOf(result);
    }

    /** A failure of the network with its words, for these come into logs; of a mistake the type. */
    private static String told(Throwable cause) {
        String name = cause.getClass().getSimpleName();
        Throwable why = cause.getCause();
        boolean hasWords = cause instanceof IOException && cause.getMessage() != null;
        return (hasWords ? name + " (" + cause.getMessage() + ")" : name)
                + (why instanceof ShutdownChannelGroupException ? " for " + told(why) : "");
    }

    /** An operation with a handler. */
    private static <V> Future<V> handled(Consumer<CompletionHandler<V, Void>> operation) {
        CompletableFuture<V> result = new CompletableFuture<>();
        operation.accept(new CompletionHandler<>() {
            @Override
            public void completed(V value, Void none) {
                result.complete(value);
            }

            @Override
            public void failed(Throwable cause, Void none) {
                result.completeExceptionally(cause);
            }
        });
        return result;
    }

    private static Future<Integer> counted(Consumer<CompletionHandler<Integer, Void>> operation) {
        return handled(operation);
    }

    private static Future<Long> summed(Consumer<CompletionHandler<Long, Void>> operation) {
        return handled(operation);
    }

    private static ByteBuffer room() {
        return ByteBuffer.allocate(10);
    }

    private static ByteBuffer bytes() {
        return ByteBuffer.wrap(new byte[] {1, 2, 3});
    }

    private AsynchronousSocketChannel open() throws IOException {
        return provider.openAsynchronousSocketChannel(null);
    }

    private Link link() throws Exception {
        return Link.connected(provider, null);
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static InetSocketAddress closedPort() throws IOException {
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) closed.getLocalSocketAddress();
        }
    }

    // ---- what it does ----

    private void beforeTheConnection() throws Exception {
        try (AsynchronousSocketChannel channel = open()) {
            tries("read before connect", () -> channel.read(room()));
            tries("read with a handler before connect", () -> counted(handler -> channel.read(room(), null, handler)));
            tries("write before connect", () -> channel.write(bytes()));
            tries("shutdownInput before connect", channel::shutdownInput);
            tries("shutdownOutput before connect", channel::shutdownOutput);
            tries("getRemoteAddress before connect", channel::getRemoteAddress);
            tries("getLocalAddress before bind", channel::getLocalAddress);
            tries("bind to another's address", () -> {
                try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                    channel.bind(other.getLocalSocketAddress());
                } catch (BindException e) {
                    return "BindException";
                }
                return "a channel";
            });
            tries("bind", () -> channel.bind(loopback()));
            tries("bind again", () -> channel.bind(loopback()));
        }
    }

    private void connects() throws Exception {
        try (AsynchronousSocketChannel channel = open()) {
            tries("connect to nobody", () -> refused(channel.connect(closedPort())));
        }
        try (AsynchronousSocketChannel channel = open()) {
            InetSocketAddress nobody = closedPort();
            tries("connect with a handler to nobody",
                    () -> refused(MistakesProgram.<Void>handled(handler -> channel.connect(nobody, null, handler))));
            tries("isOpen after a refused connect", channel::isOpen);
            tries("connect after a refused connect", () -> channel.connect(closedPort()));
        }
        try (Link link = link()) {
            tries("connect when connected", () -> link.channel().connect(link.channel().getRemoteAddress()));
            tries("bind when connected", () -> link.channel().bind(null));
        }
        try (AsynchronousSocketChannel channel = open()) {
            tries("connect to an unresolved address",
                    () -> channel.connect(InetSocketAddress.createUnresolved("nowhere", 1)));
            tries("connect to another kind of address", () -> channel.connect(new SocketAddress() {
            }));
            tries("connect to port 0", () -> refused(channel.connect(loopback())));
        }
        AsynchronousSocketChannel closed = open();
        closed.close();
        tries("connect when closed", () -> closed.connect(closedPort()));
        tries("connect when closed to an unresolved address",
                () -> closed.connect(InetSocketAddress.createUnresolved("nowhere", 1)));
    }

    private static Object soon(Future<?> future) throws Exception {
        try {
            return future.get(500, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return "TimeoutException";
        }
    }

    /** Without the words, which name the port. */
    private static String refused(Future<?> future) throws Exception {
        try {
            return named(Outcome.get(future));
        } catch (ExecutionException e) {
            return e.getCause().getClass().getSimpleName();
        }
    }

    private void wrongArguments() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            ByteBuffer[] two = {room(), room()};
            tries("read into a read-only buffer", () -> channel.read(room().asReadOnlyBuffer()));
            tries("read into null", () -> channel.read(null));
            tries("read without a handler", () -> {
                channel.read(room(), null, null);
                return null;
            });
            tries("read into an array beyond its end", () -> summed(handler ->
                    channel.read(two, 1, 2, 0, TimeUnit.SECONDS, null, handler)));
            tries("read into an array with a null", () -> summed(handler ->
                    channel.read(new ByteBuffer[2], 0, 2, 0, TimeUnit.SECONDS, null, handler)));
            tries("read into an array with a read-only buffer", () -> summed(handler ->
                    channel.read(new ByteBuffer[] {room().asReadOnlyBuffer()}, 0, 1, 0, TimeUnit.SECONDS, null,
                            handler)));
            tries("write null", () -> channel.write(null));
            tries("write without a handler", () -> {
                channel.write(bytes(), null, null);
                return null;
            });
            tries("write an array beyond its end", () -> summed(handler ->
                    channel.write(two, -1, 1, 0, TimeUnit.SECONDS, null, handler)));
            tries("write no buffers", () -> summed(handler ->
                    channel.write(two, 2, 0, 0, TimeUnit.SECONDS, null, handler)));
            tries("write all the same", () -> channel.write(bytes()));
            tries("read into no buffers", () -> soon(summed(handler ->
                    channel.read(two, 0, 0, 0, TimeUnit.SECONDS, null, handler))));
        }
    }

    private void reads() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            tries("read without room", () -> channel.read(ByteBuffer.allocate(0)));
            Future<Integer> first = channel.read(room());
            tries("read while a read waits", () -> channel.read(room()));
            tries("read without room while a read waits", () -> channel.read(ByteBuffer.allocate(0)));
            tries("read with a handler while a read waits",
                    () -> counted(handler -> channel.read(room(), null, handler)));
            tries("get in time while a read waits", () -> soon(first));
            tries("write while a read waits", () -> channel.write(bytes()));
            link.peer().getOutputStream().write(new byte[5]);
            tries("the read that waited", () -> first);
            link.peer().shutdownOutput();
            tries("read at the end", () -> channel.read(room()));
            tries("read behind the end", () -> channel.read(room()));
            tries("read without room behind the end", () -> channel.read(ByteBuffer.allocate(0)));
            tries("write when the peer sends no more", () -> channel.write(bytes()));
        }
    }

    private void writes() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            tries("write nothing", () -> channel.write(ByteBuffer.allocate(0)));
            Future<Integer> first = channel.write(LONG.duplicate());
            tries("write while a write waits", () -> channel.write(bytes()));
            tries("write nothing while a write waits", () -> channel.write(ByteBuffer.allocate(0)));
            tries("cancel a finished future", () -> handledZero(channel).cancel(true));
            channel.close();
            tries("the write that waited, when closed", () -> first);
        }
    }

    private static Future<Integer> handledZero(AsynchronousSocketChannel channel) throws Exception {
        Future<Integer> none = channel.read(ByteBuffer.allocate(0));
        Outcome.get(none);
        return none;
    }

    private void readsInTime() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            link.peer().getOutputStream().write(new byte[5]);
            tries("read with a negative limit",
                    () -> counted(handler -> channel.read(room(), -1, TimeUnit.SECONDS, null, handler)));
            tries("read with a limit",
                    () -> counted(handler -> channel.read(room(), 50, TimeUnit.MILLISECONDS, null, handler)));
            tries("read after the limit", () -> channel.read(room()));
            tries("read without room after the limit", () -> channel.read(ByteBuffer.allocate(0)));
            tries("write after the limit of a read", () -> channel.write(bytes()));
            tries("isOpen after the limit", channel::isOpen);
            tries("shutdownInput after the limit", channel::shutdownInput);
            tries("read after the limit and shutdownInput", () -> channel.read(room()));
            channel.close();
            tries("read after the limit and close", () -> channel.read(room()));
        }
    }

    private void writesInTime() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            tries("write with a limit", () -> counted(handler ->
                    channel.write(LONG.duplicate(), 50, TimeUnit.MILLISECONDS, null, handler)));
            tries("write after the limit", () -> channel.write(bytes()));
            link.peer().getOutputStream().write(new byte[5]);
            tries("read after the limit of a write", () -> channel.read(room()));
        }
    }

    private void cancels() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            Future<Integer> read = channel.read(room());
            tries("cancel a read", () -> read.cancel(false));
            tries("the cancelled read", () -> read);
            tries("cancel a cancelled read", () -> read.cancel(false));
            tries("isOpen after a cancel", channel::isOpen);
            tries("read after a cancel", () -> channel.read(room()));
            tries("write after a cancelled read", () -> channel.write(bytes()));
        }
        try (Link link = link()) {
            Future<Integer> read = link.channel().read(room());
            tries("cancel a read by force", () -> read.cancel(true));
            tries("isOpen after a cancel by force", link.channel()::isOpen);
            tries("the read cancelled by force", () -> read);
            tries("write after a cancel by force", () -> link.channel().write(bytes()));
        }
    }

    private void closes() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            Future<Integer> future = channel.read(room());
            channel.close();
            tries("the read that waited, when closed", () -> future);
            tries("close again", () -> {
                channel.close();
                return "nothing";
            });
            tries("read when closed", () -> channel.read(room()));
            tries("read with a handler when closed", () -> counted(handler -> channel.read(room(), null, handler)));
            tries("read without room when closed", () -> channel.read(ByteBuffer.allocate(0)));
            tries("write when closed", () -> channel.write(bytes()));
            tries("write with a handler when closed", () -> counted(handler -> channel.write(bytes(), null, handler)));
            tries("shutdownInput when closed", channel::shutdownInput);
            tries("shutdownOutput when closed", channel::shutdownOutput);
            tries("getLocalAddress when closed", channel::getLocalAddress);
            tries("getRemoteAddress when closed", channel::getRemoteAddress);
            tries("bind when closed", () -> channel.bind(null));
        }
        try (Link link = link()) {
            Future<Integer> handled = counted(handler -> link.channel().read(room(), null, handler));
            link.channel().close();
            tries("the read with a handler that waited, when closed", () -> handled);
        }
    }

    private void shutsDown() throws Exception {
        try (Link link = link()) {
            AsynchronousSocketChannel channel = link.channel();
            channel.shutdownOutput();
            tries("shutdownOutput again", channel::shutdownOutput);
            tries("write after shutdownOutput", () -> channel.write(bytes()));
            tries("write nothing after shutdownOutput", () -> channel.write(ByteBuffer.allocate(0)));
            link.peer().getOutputStream().write(new byte[5]);
            tries("read after shutdownOutput", () -> channel.read(room()));
            channel.shutdownInput();
            tries("shutdownInput again", channel::shutdownInput);
            tries("read after shutdownInput", () -> channel.read(room()));
            tries("read without room after shutdownInput", () -> channel.read(ByteBuffer.allocate(0)));
            tries("isOpen after both", channel::isOpen);
        }
    }

    private void isReset() throws Exception {
        try (Link link = link()) {
            Future<Integer> read = link.channel().read(room());
            reset(link.peer());
            tries("the read that waited, when reset", () -> read);
            tries("read after the reset", () -> link.channel().read(room()));
            tries("write after the reset", () -> link.channel().write(bytes()));
            tries("isOpen after the reset", link.channel()::isOpen);
            tries("shutdownOutput after the reset", link.channel()::shutdownOutput);
        }
        try (Link link = link()) {
            Future<Integer> write = link.channel().write(LONG.duplicate());
            reset(link.peer());
            tries("the write that waited, when reset", () -> write);
        }
    }

    private static void reset(Socket peer) throws IOException {
        peer.setSoLinger(true, 0);
        peer.close();
    }

    private void accepts() throws Exception {
        AsynchronousServerSocketChannel listener = provider.openAsynchronousServerSocketChannel(null);
        tries("accept before bind", listener::accept);
        tries("getLocalAddress of a listener before bind", listener::getLocalAddress);
        tries("bind a listener to an unresolved address",
                () -> listener.bind(InetSocketAddress.createUnresolved("nowhere", 1)));
        tries("bind a listener", () -> listener.bind(loopback()));
        tries("bind a listener again", () -> listener.bind(loopback()));
        tries("bind a listener to another's address", () -> {
            try (AsynchronousServerSocketChannel other = provider.openAsynchronousServerSocketChannel(null)) {
                return other.bind(listener.getLocalAddress());
            } catch (BindException e) {
                return "BindException";
            }
        });
        tries("accept without a handler", () -> {
            listener.accept(null, null);
            return null;
        });
        Future<AsynchronousSocketChannel> waits = listener.accept();
        tries("accept while an accept waits", listener::accept);
        try (Socket peer = Link.connect(listener); AsynchronousSocketChannel accepted = Outcome.get(waits)) {
            tries("connect what was accepted", () -> accepted.connect(accepted.getRemoteAddress()));
            tries("whether an accepted channel knows its peer",
                    () -> accepted.getRemoteAddress().equals(peer.getLocalSocketAddress()));
        }
        Future<AsynchronousSocketChannel> next = listener.accept();
        listener.close();
        tries("the accept that waited, when closed", () -> next);
        tries("accept when closed", listener::accept);
        tries("accept with a handler when closed", () -> handled(
                (CompletionHandler<AsynchronousSocketChannel, Void> handler) -> listener.accept(null, handler)));
        tries("getLocalAddress of a listener when closed", listener::getLocalAddress);
        tries("bind a listener when closed", () -> listener.bind(loopback()));
        try (AsynchronousServerSocketChannel other = Link.listen(provider, null)) {
            Future<AsynchronousSocketChannel> cancelled = other.accept();
            tries("cancel an accept", () -> cancelled.cancel(false));
            tries("accept after a cancel", other::accept);
        }
    }

    private void options() throws Exception {
        try (Link link = link(); AsynchronousServerSocketChannel listener = Link.listen(provider, null)) {
            AsynchronousSocketChannel channel = link.channel();
            tries("set an option that it has not", () -> channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 1));
            tries("get an option that it has not", () -> channel.getOption(StandardSocketOptions.SO_LINGER));
            tries("set an option to null", () -> channel.setOption(StandardSocketOptions.SO_RCVBUF, null));
            tries("set a null option", () -> channel.setOption(null, 1));
            tries("set a negative size", () -> channel.setOption(StandardSocketOptions.SO_RCVBUF, -1));
            tries("set an option of sockets at a listener",
                    () -> listener.setOption(StandardSocketOptions.TCP_NODELAY, true));
            tries("get the keep-alive", () -> channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
            channel.close();
            tries("set an option when closed", () -> channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true));
            tries("get an option when closed", () -> channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
            tries("set an option that it has not when closed",
                    () -> channel.setOption(StandardSocketOptions.SO_LINGER, 1));
        }
    }

    private void groups() throws Exception {
        tries("a group of no threads",
                () -> provider.openAsynchronousChannelGroup(0, Executors.defaultThreadFactory()));
        tries("a group without a factory", () -> provider.openAsynchronousChannelGroup(1, null));
        tries("a group without a pool", () -> provider.openAsynchronousChannelGroup(null, 1));
        AsynchronousChannelGroup group = group();
        Link link = Link.connected(provider, group);
        AsynchronousServerSocketChannel listener = Link.listen(provider, group);
        Future<AsynchronousSocketChannel> accept = listener.accept();
        group.shutdown();
        tries("isShutdown after shutdown", group::isShutdown);
        tries("isTerminated while channels are open", group::isTerminated);
        tries("open after shutdown", () -> provider.openAsynchronousSocketChannel(group));
        tries("open a listener after shutdown", () -> provider.openAsynchronousServerSocketChannel(group));
        tries("write after shutdown", () -> link.channel().write(bytes()));
        try (Socket _ = Link.connect(listener)) {
            tries("the accept that waited, after shutdown", () -> accept);
        }
        Future<Integer> read = counted(handler -> link.channel().read(room(), null, handler));
        group.shutdownNow();
        tries("the read that waited, after shutdownNow", () -> read);
        tries("isOpen after shutdownNow", () -> link.channel().isOpen() || listener.isOpen());
        tries("whether the group terminates", () -> group.awaitTermination(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS));
        tries("shutdown when terminated", () -> {
            group.shutdown();
            group.shutdownNow();
            return "nothing";
        });
        tries("read when the group has terminated", () -> link.channel().read(room()));
        tries("read with a handler when the group has terminated",
                () -> counted(handler -> link.channel().read(room(), null, handler)));
        link.close();
    }

    private AsynchronousChannelGroup group() throws IOException {
        return provider.openAsynchronousChannelGroup(1, Executors.defaultThreadFactory());
    }

    private void handlersThrow() throws Exception {
        CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
        AsynchronousChannelGroup group = provider.openAsynchronousChannelGroup(1, task -> {
            Thread thread = new Thread(task);
            thread.setUncaughtExceptionHandler((_, cause) -> uncaught.complete(cause));
            return thread;
        });
        try (Link link = Link.connected(provider, group)) {
            CountDownLatch called = new CountDownLatch(1);
            link.channel().read(room(), null, new CompletionHandler<Integer, Void>() {
                @Override
                public void completed(Integer bytes, Void none) {
                    called.countDown();
                    throw new ArithmeticException("a handler's");
                }

                @Override
                public void failed(Throwable cause, Void none) {
                    called.countDown();
                }
            });
            link.peer().getOutputStream().write(new byte[5]);
            called.await(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS);
            tries("what a handler has thrown",
                    () -> uncaught.get(Outcome.LIMIT_SECONDS, TimeUnit.SECONDS).getClass().getSimpleName());
            link.peer().getOutputStream().write(new byte[5]);
            tries("read after a handler has thrown",
                    () -> counted(handler -> link.channel().read(room(), null, handler)));
        } finally {
            group.shutdownNow();
        }
    }
}
