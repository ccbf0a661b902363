package example;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.channel.ServerChannel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Calls of all kinds while connections are closed and reset at random, on either side: {@code --minutes 10 --transport
 * nio >nio.txt}, then {@code --minutes 10 --transport iocp --known nio.txt}. Start it with
 * {@code -Dio.netty.leakDetection.level=paranoid}.
 */
final class Soak {
    private static final int CLIENTS = 8;

    private final Outcome outcome = new Outcome();
    /** The connections on both sides. */
    private final List<Channel> open = new ArrayList<>();
    private final Transport transport;
    private final EventLoopGroup loops;

    private Soak(Transport transport) {
        this.transport = transport;
        outcome.watchLog();
        loops = transport.loops(2);
    }

    public static void main(String[] arguments) throws Exception {
        new Soak(Transport.of(arguments)).run(arguments);
    }

    private void run(String... arguments) throws Exception {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .bossEventLoopGroup(loops).workerEventLoopGroup(loops).channelFactory(this::serverChannel)
                .addService(new Service()).build().start();
        long end = System.nanoTime() + (long) (Outcome.minutes(arguments) * TimeUnit.MINUTES.toNanos(1));
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.submit(() -> client(server.getPort(), end));
            }
            while (System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(400));
                kill();
            }
        }
        server.shutdown();
        check(server.awaitTermination(30, TimeUnit.SECONDS), "the server did not end");
        loops.shutdownGracefully(0, 30, TimeUnit.SECONDS);
        check(loops.awaitTermination(60, TimeUnit.SECONDS), "the loops did not end");
        reportLeaks();
        outcome.end(arguments);
    }

    private void check(boolean held, String otherwise) {
        if (!held) {
            outcome.error(otherwise);
        }
    }

    /** Netty tells of a leak when it makes a buffer after the collector has found it. */
    static void reportLeaks() throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            System.gc();
            TimeUnit.MILLISECONDS.sleep(50);
            io.netty.buffer.ByteBufAllocator.DEFAULT.buffer().release();
        }
    }

    private ServerChannel serverChannel() {
        ServerChannel channel = new ReflectiveChannelFactory<>(transport.serverChannel).newChannel();
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object child) {
                opened((Channel) child);
                context.fireChannelRead(child);
            }
        });
        return channel;
    }

    private Channel clientChannel() {
        return opened(new ReflectiveChannelFactory<>(transport.channel).newChannel());
    }

    private Channel opened(Channel channel) {
        synchronized (open) {
            open.add(channel);
        }
        channel.closeFuture().addListener(closed -> {
            synchronized (open) {
                open.remove(channel);
            }
        });
        return channel;
    }

    /** Closes one connection, or resets it, below the handlers: these would let its streams end first. */
    private void kill() {
        Channel channel;
        synchronized (open) {
            if (open.isEmpty()) {
                return;
            }
            channel = open.get(ThreadLocalRandom.current().nextInt(open.size()));
        }
        if (!channel.isRegistered()) {
            return;
        }
        boolean resets = ThreadLocalRandom.current().nextBoolean();
        channel.eventLoop().execute(() -> {
            if (resets && channel.isOpen()) {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
            }
            channel.unsafe().close(channel.unsafe().voidPromise());
        });
        outcome.done("connections killed");
    }

    private void client(int port, long end) {
        ManagedChannel channel = NettyChannelBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
                .eventLoopGroup(loops).channelFactory(this::clientChannel).usePlaintext().build();
        Random random = new Random();
        while (System.nanoTime() < end) {
            try {
                switch (random.nextInt(4)) {
                    case 0 -> unary(channel, random);
                    case 1 -> serverStreaming(channel, random);
                    case 2 -> talk(channel, random);
                    default -> many(channel, random);
                }
            } catch (StatusRuntimeException e) {
                outcome.error(e.getStatus().getCode() + ": " + Outcome.kind(e));
            } catch (Exception e) {
                outcome.error(Outcome.kind(e));
            }
        }
        try {
            unaryAfterKills(channel);
            channel.shutdown();
            check(channel.awaitTermination(30, TimeUnit.SECONDS), "a client did not end");
        } catch (Exception e) {
            outcome.error("after the kills: " + Outcome.kind(e));
        }
    }

    /** The last kills may still take effect. */
    private static void unaryAfterKills(ManagedChannel channel) {
        for (int left = 20;; left--) {
            try {
                ClientCalls.blockingUnaryCall(channel, Service.ECHO, options(), new byte[10]);
                return;
            } catch (StatusRuntimeException e) {
                if (left == 0) {
                    throw e;
                }
            }
        }
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS).withWaitForReady();
    }

    private void unary(ManagedChannel channel, Random random) {
        byte[] request = new byte[random.nextInt(100_000)];
        random.nextBytes(request);
        byte[] answer = ClientCalls.blockingUnaryCall(channel, Service.ECHO, options(), request);
        check(Arrays.equals(request, answer), "another answer");
        outcome.done("unary calls");
    }

    /** Half of them are read to the end, the others are left. */
    private void serverStreaming(ManagedChannel channel, Random random) throws Exception {
        int messages = random.nextInt(500);
        var context = io.grpc.Context.current().withCancellation();
        context.call(() -> {
            Iterator<byte[]> answers = ClientCalls.blockingServerStreamingCall(channel, Service.REPEAT, options(),
                    ByteBuffer.allocate(2 * Integer.BYTES).putInt(messages).putInt(5000).array());
            int last = random.nextBoolean() ? messages : random.nextInt(messages + 1);
            int came = 0;
            while (came < last && answers.hasNext()) {
                answers.next();
                came++;
            }
            outcome.done(came == messages ? "streams read to the end" : "streams left");
            return null;
        });
        context.cancel(null);
    }

    private void talk(ManagedChannel channel, Random random) throws Exception {
        int messages = random.nextInt(200);
        CountDownLatch ended = new CountDownLatch(1);
        List<byte[]> came = new ArrayList<>();
        var errors = ConcurrentHashMap.<Throwable>newKeySet();
        StreamObserver<byte[]> requests = ClientCalls.asyncBidiStreamingCall(channel.newCall(Service.TALK, options()),
                new StreamObserver<byte[]>() {
                    @Override
                    public void onNext(byte[] message) {
                        came.add(message);
                    }

                    @Override
                    public void onError(Throwable cause) {
                        errors.add(cause);
                        ended.countDown();
                    }

                    @Override
                    public void onCompleted() {
                        ended.countDown();
                    }
                });
        for (int i = 0; i < messages; i++) {
            requests.onNext(new byte[i * 10]);
        }
        requests.onCompleted();
        if (!ended.await(90, TimeUnit.SECONDS)) {
            outcome.error("a call without an end");
        } else if (errors.isEmpty()) {
            check(came.size() == messages, "another number of messages");
            outcome.done("talks");
        } else {
            Throwable cause = errors.iterator().next();
            outcome.error(Status.fromThrowable(cause).getCode() + ": " + Outcome.kind(cause));
        }
    }

    private void many(ManagedChannel channel, Random random) throws Exception {
        int calls = random.nextInt(100);
        var answers = new ArrayList<java.util.concurrent.Future<byte[]>>();
        for (int i = 0; i < calls; i++) {
            answers.add(ClientCalls.futureUnaryCall(channel.newCall(Service.ECHO, options()), new byte[i * 10]));
        }
        for (var answer : answers) {
            try {
                answer.get();
                outcome.done("calls at once");
            } catch (java.util.concurrent.ExecutionException e) {
                outcome.error(Status.fromThrowable(e).getCode() + ": " + Outcome.kind(e.getCause()));
            }
        }
    }
}
