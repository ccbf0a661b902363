package example;

import static example.Cases.expect;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A gRPC server and its clients in one process: each kind of call, deadlines, flow control, and how calls end. */
final class Check {
    private final EventLoopGroup loops;
    private final Transport transport;

    private Check(Transport transport) {
        this.transport = transport;
        loops = transport.loops(2);
    }

    public static void main(String[] arguments) throws Exception {
        Cases cases = new Cases();
        Check check = new Check(Transport.of(arguments));
        X509Bundle certificate = new CertificateBuilder().subject("CN=localhost").addSanDnsName("localhost")
                .algorithm(CertificateBuilder.Algorithm.ecp256).setIsCertificateAuthority(true).buildSelfSigned();
        check.all(cases, "", null, null);
        check.all(cases, "TLS: ",
                GrpcSslContexts.configure(SslContextBuilder.forServer(certificate.toKeyManagerFactory()),
                        SslProvider.JDK).build(),
                GrpcSslContexts.configure(SslContextBuilder.forClient().trustManager(certificate.getCertificate()),
                        SslProvider.JDK).build());
        cases.run("the loops end", () -> {
            check.loops.shutdownGracefully(0, 30, TimeUnit.SECONDS);
            expect(check.loops.awaitTermination(30, TimeUnit.SECONDS), "they go on");
        });
        cases.end();
    }

    private void all(Cases cases, String prefix, SslContext serverTls, SslContext clientTls) throws Exception {
        Service service = new Service();
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .bossEventLoopGroup(loops).workerEventLoopGroup(loops).channelType(transport.serverChannel)
                .addService(service);
        if (serverTls != null) {
            builder.sslContext(serverTls);
        }
        Server server = builder.build().start();
        int port = server.getPort();
        ManagedChannel channel = channel(port, clientTls);
        cases.run(prefix + "unary", () -> echo(channel, 5));
        cases.run(prefix + "unary, empty", () -> echo(channel, 0));
        cases.run(prefix + "unary, 3 MiB", () -> echo(channel, 3 << 20));
        cases.run(prefix + "client streaming", () -> clientStreaming(channel));
        cases.run(prefix + "server streaming", () -> serverStreaming(channel));
        cases.run(prefix + "both streaming, in turns", () -> inTurns(channel));
        cases.run(prefix + "both streaming, at once", () -> atOnce(channel));
        cases.run(prefix + "a deadline", () -> deadline(channel, service));
        cases.run(prefix + "cancelled by the client", () -> cancel(channel, service));
        cases.run(prefix + "a slow consumer", () -> slowConsumer(channel, service));
        cases.run(prefix + "no such method's service is unimplemented", () -> unimplemented(channel));
        cases.run(prefix + "many connections, many calls", () -> many(port, clientTls));
        cases.run(prefix + "connections that come and go", () -> comeAndGo(port, clientTls));
        cases.run(prefix + "a client that is shut down at once", () -> shutDownClient(port, clientTls));
        cases.run(prefix + "a server that is shut down lets a stream end", () -> shutDownServer(server, channel));
        cases.run(prefix + "nobody listens", () -> unavailable(port, clientTls));
        channel.shutdownNow();
        server.shutdownNow();
    }

    private ManagedChannel channel(int port, SslContext tls) {
        NettyChannelBuilder builder = NettyChannelBuilder
                .forAddress(new InetSocketAddress("127.0.0.1", port))
                .eventLoopGroup(loops).channelType(transport.channel);
        return tls == null
                ? builder.usePlaintext().build()
                : builder.sslContext(tls).overrideAuthority("localhost").build();
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static void echo(ManagedChannel channel, int length) {
        byte[] request = random(length);
        byte[] answer = ClientCalls.blockingUnaryCall(channel, Service.ECHO, options(), request);
        expect(Arrays.equals(request, answer), "another answer, of " + answer.length + " bytes");
    }

    private static void clientStreaming(ManagedChannel channel) throws Exception {
        Received answers = new Received();
        StreamObserver<byte[]> requests = ClientCalls.asyncClientStreamingCall(
                channel.newCall(Service.COUNT, options()), answers);
        int sent = 0;
        for (int length = 0; length < 1000; length++) {
            requests.onNext(random(length));
            sent += length;
        }
        requests.onCompleted();
        int counted = ByteBuffer.wrap(answers.next()).getInt();
        expect(counted == sent, counted + " bytes of " + sent);
        answers.end();
    }

    private static void serverStreaming(ManagedChannel channel) {
        Iterator<byte[]> answers = ClientCalls.blockingServerStreamingCall(channel, Service.REPEAT, options(),
                repeat(1000, 1000));
        int came = 0;
        while (answers.hasNext()) {
            expect(answers.next().length == 1000, "another length");
            came++;
        }
        expect(came == 1000, came + " messages");
    }

    private static byte[] repeat(int messages, int length) {
        return ByteBuffer.allocate(2 * Integer.BYTES).putInt(messages).putInt(length).array();
    }

    private static void inTurns(ManagedChannel channel) throws Exception {
        Received answers = new Received();
        StreamObserver<byte[]> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(Service.TALK, options()), answers);
        for (int length = 0; length < 200; length++) {
            byte[] request = random(length);
            requests.onNext(request);
            expect(Arrays.equals(answers.next(), request), "another answer");
        }
        requests.onCompleted();
        answers.end();
    }

    private static void atOnce(ManagedChannel channel) throws Exception {
        Received answers = new Received();
        StreamObserver<byte[]> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(Service.TALK, options()), answers);
        for (int i = 0; i < 500; i++) {
            requests.onNext(random(i * 20));
        }
        requests.onCompleted();
        for (int i = 0; i < 500; i++) {
            expect(Arrays.equals(answers.next(), random(i * 20)), "another answer");
        }
        answers.end();
    }

    private static void deadline(ManagedChannel channel, Service service) throws Exception {
        long before = service.givenUp.getCount();
        try {
            ClientCalls.blockingUnaryCall(channel, Service.WAIT,
                    CallOptions.DEFAULT.withDeadlineAfter(200, TimeUnit.MILLISECONDS), random(1));
            expect(false, "an answer");
        } catch (StatusRuntimeException e) {
            expect(e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED, e.toString());
        }
        expectGivenUp(service, before);
    }

    private static void cancel(ManagedChannel channel, Service service) throws Exception {
        long before = service.givenUp.getCount();
        Future<byte[]> answer = ClientCalls.futureUnaryCall(channel.newCall(Service.WAIT, options()), random(1));
        echo(channel, 1); // it has come to the server by then
        answer.cancel(true);
        expectGivenUp(service, before);
    }

    private static void expectGivenUp(Service service, long before) throws InterruptedException {
        for (int i = 0; service.givenUp.getCount() == before && i < 1000; i++) {
            service.givenUp.await(10, TimeUnit.MILLISECONDS);
        }
        expect(service.givenUp.getCount() < before, "the server does not know");
    }

    /** A client that asks for one message at a time, and at first for none. */
    private static void slowConsumer(ManagedChannel channel, Service service) throws Exception {
        int messages = 2000;
        int length = 10_000;
        BlockingQueue<byte[]> came = new LinkedBlockingQueue<>();
        CompletableFuture<Status> end = new CompletableFuture<>();
        ClientCall<byte[], byte[]> call = channel.newCall(Service.REPEAT, options());
        call.start(new ClientCall.Listener<>() {
            @Override
            public void onMessage(byte[] message) {
                came.add(message);
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
                end.complete(status);
            }
        }, new Metadata());
        call.sendMessage(repeat(messages, length));
        call.halfClose();
        int sent = -1;
        for (int now = 0; now == 0 || now != sent; now = service.repeated.get()) {
            sent = now;
            expect(came.poll(300, TimeUnit.MILLISECONDS) == null, "a message that nobody asked for");
        }
        expect(sent < messages / 2, "the server went on sending: " + sent);
        for (int i = 0; i < messages; i++) {
            call.request(1);
            byte[] message = came.poll(20, TimeUnit.SECONDS);
            expect(message != null && message.length == length, "message " + i + " did not come");
        }
        call.request(1);
        Status status = end.get(20, TimeUnit.SECONDS);
        expect(status.isOk(), status.toString());
    }

    private static void unimplemented(ManagedChannel channel) {
        var unknown = Service.ECHO.toBuilder().setFullMethodName("example.Other/Echo").build();
        expectCode(Status.Code.UNIMPLEMENTED,
                () -> ClientCalls.blockingUnaryCall(channel, unknown, options(), random(1)));
    }

    private static void expectCode(Status.Code code, Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException e) {
            expect(e.getStatus().getCode() == code, e.toString());
            return;
        }
        expect(false, "an answer");
    }

    private void many(int port, SslContext tls) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> clients = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                clients.add(threads.submit(() -> {
                    ManagedChannel channel = channel(port, tls);
                    CountDownLatch left = new CountDownLatch(100);
                    BlockingQueue<Throwable> errors = new ArrayBlockingQueue<>(100);
                    for (int call = 0; call < 100; call++) {
                        ClientCalls.asyncUnaryCall(channel.newCall(Service.ECHO, options()), random(call * 10),
                                new StreamObserver<byte[]>() {
                                    @Override
                                    public void onNext(byte[] answer) {
                                        // Its end counts.
                                    }

                                    @Override
                                    public void onError(Throwable cause) {
                                        errors.add(cause);
                                        left.countDown();
                                    }

                                    @Override
                                    public void onCompleted() {
                                        left.countDown();
                                    }
                                });
                    }
                    expect(left.await(30, TimeUnit.SECONDS), left.getCount() + " calls without an end");
                    expect(errors.isEmpty(), "errors: " + errors);
                    channel.shutdown();
                    expect(channel.awaitTermination(10, TimeUnit.SECONDS), "it does not end");
                    return null;
                }));
            }
            for (Future<?> client : clients) {
                client.get();
            }
        }
    }

    private void comeAndGo(int port, SslContext tls) throws Exception {
        for (int i = 0; i < 30; i++) {
            ManagedChannel channel = channel(port, tls);
            echo(channel, i);
            channel.shutdown();
            expect(channel.awaitTermination(10, TimeUnit.SECONDS), "it does not end");
        }
    }

    private void shutDownClient(int port, SslContext tls) throws Exception {
        ManagedChannel channel = channel(port, tls);
        Received answers = new Received();
        StreamObserver<byte[]> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(Service.TALK, options()), answers);
        requests.onNext(random(100));
        answers.next();
        channel.shutdownNow();
        Status status = Status.fromThrowable(answers.error.get(10, TimeUnit.SECONDS));
        expect(status.getCode() == Status.Code.UNAVAILABLE, status.toString());
        expect(channel.awaitTermination(10, TimeUnit.SECONDS), "it does not end");
    }

    private static void shutDownServer(Server server, ManagedChannel channel) throws Exception {
        Received answers = new Received();
        StreamObserver<byte[]> requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(Service.TALK, options()), answers);
        requests.onNext(random(100));
        answers.next();
        server.shutdown();
        requests.onNext(random(200));
        expect(answers.next().length == 200, "another answer");
        requests.onCompleted();
        answers.end();
        expect(server.awaitTermination(10, TimeUnit.SECONDS), "it does not end");
    }

    private void unavailable(int port, SslContext tls) {
        ManagedChannel channel = channel(port, tls);
        expectCode(Status.Code.UNAVAILABLE,
                () -> ClientCalls.blockingUnaryCall(channel, Service.ECHO, options(), random(1)));
        channel.shutdownNow();
    }

    /** The answers of a call, to be taken one after the other. */
    private static final class Received implements StreamObserver<byte[]> {
        private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
        private final CompletableFuture<Void> completed = new CompletableFuture<>();
        final CompletableFuture<Throwable> error = new CompletableFuture<>();

        @Override
        public void onNext(byte[] message) {
            messages.add(message);
        }

        @Override
        public void onError(Throwable cause) {
            error.complete(cause);
            completed.completeExceptionally(cause);
        }

        @Override
        public void onCompleted() {
            completed.complete(null);
        }

        byte[] next() throws Exception {
            byte[] message = messages.poll(20, TimeUnit.SECONDS);
            expect(message != null, "no answer; the call: " + completed);
            return message;
        }

        void end() throws Exception {
            completed.get(20, TimeUnit.SECONDS);
            expect(messages.isEmpty(), "more answers");
        }
    }
}
