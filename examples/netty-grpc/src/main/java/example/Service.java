package example;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A service of one method of each kind. Its messages are bytes, so that no compiler of messages is needed. */
final class Service implements BindableService {
    static final MethodDescriptor<byte[], byte[]> ECHO = method("Echo", MethodType.UNARY);
    /** The bytes of all messages. */
    static final MethodDescriptor<byte[], byte[]> COUNT = method("Count", MethodType.CLIENT_STREAMING);
    /** As many messages as the request's first int says, each as long as the second says. */
    static final MethodDescriptor<byte[], byte[]> REPEAT = method("Repeat", MethodType.SERVER_STREAMING);
    static final MethodDescriptor<byte[], byte[]> TALK = method("Talk", MethodType.BIDI_STREAMING);
    /** Never answers. */
    static final MethodDescriptor<byte[], byte[]> WAIT = method("Wait", MethodType.UNARY);

    /** Messages that {@link #REPEAT} has handed to gRPC since the last call began. */
    final AtomicInteger repeated = new AtomicInteger();
    /** One for each call of {@link #WAIT} that the client gave up. */
    final CountDownLatch givenUp = new CountDownLatch(2);

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.newBuilder(Bytes.MARSHALLER, Bytes.MARSHALLER).setType(type)
                .setFullMethodName(MethodDescriptor.generateFullMethodName("example.Service", name)).build();
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder("example.Service")
                .addMethod(ECHO, ServerCalls.asyncUnaryCall(Service::echo))
                .addMethod(COUNT, ServerCalls.asyncClientStreamingCall(Service::count))
                .addMethod(REPEAT, ServerCalls.asyncServerStreamingCall(this::repeat))
                .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(Service::talk))
                .addMethod(WAIT, ServerCalls.asyncUnaryCall(this::waitForEver))
                .build();
    }

    private static void echo(byte[] request, StreamObserver<byte[]> answer) {
        answer.onNext(request);
        answer.onCompleted();
    }

    private static StreamObserver<byte[]> count(StreamObserver<byte[]> answer) {
        return new StreamObserver<>() {
            private int bytes;

            @Override
            public void onNext(byte[] message) {
                bytes += message.length;
            }

            @Override
            public void onError(Throwable cause) {
                // The client has left.
            }

            @Override
            public void onCompleted() {
                answer.onNext(ByteBuffer.allocate(Integer.BYTES).putInt(bytes).array());
                answer.onCompleted();
            }
        };
    }

    /** Sends as long as gRPC has room, and goes on when it has room again. */
    private void repeat(byte[] request, StreamObserver<byte[]> observer) {
        ByteBuffer numbers = ByteBuffer.wrap(request);
        int messages = numbers.getInt();
        byte[] message = new byte[numbers.getInt()];
        repeated.set(0);
        var answer = (ServerCallStreamObserver<byte[]>) observer;
        answer.setOnReadyHandler(() -> {
            while (answer.isReady() && repeated.get() < messages) {
                answer.onNext(message);
                if (repeated.incrementAndGet() == messages) {
                    answer.onCompleted();
                }
            }
        });
    }

    private static StreamObserver<byte[]> talk(StreamObserver<byte[]> answer) {
        return new StreamObserver<>() {
            @Override
            public void onNext(byte[] message) {
                answer.onNext(message);
            }

            @Override
            public void onError(Throwable cause) {
                // The client has left.
            }

            @Override
            public void onCompleted() {
                answer.onCompleted();
            }
        };
    }

    private void waitForEver(byte[] request, StreamObserver<byte[]> answer) {
        ((ServerCallStreamObserver<byte[]>) answer).setOnCancelHandler(givenUp::countDown);
    }

    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        MARSHALLER;

        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
