package io.grpc.testing.integration;

import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import org.junit.runner.Description;
import org.junit.runner.JUnitCore;
import org.junit.runner.Result;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;

/** gRPC's own tests of a client and a server, in their package since a method of theirs is visible there alone. */
public final class Interop extends AbstractInteropTest {
    private static Transport transport;
    private static EventLoopGroup loops;

    public static void main(String[] arguments) {
        transport = Transport.of(arguments);
        loops = transport.loops(2);
        JUnitCore tests = new JUnitCore();
        tests.addListener(new Lines());
        Result result = tests.run(Interop.class);
        System.out.printf("%d ran, %d failed, %d do not apply%n", result.getRunCount(), result.getFailureCount(),
                result.getAssumptionFailureCount());
        System.exit(result.wasSuccessful() ? 0 : 1);
    }

    @Override
    protected ServerBuilder<?> getServerBuilder() {
        return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0), InsecureServerCredentials.create())
                .bossEventLoopGroup(loops).workerEventLoopGroup(loops).channelType(transport.serverChannel)
                .flowControlWindow(TEST_FLOW_CONTROL_WINDOW)
                .maxInboundMessageSize(MAX_MESSAGE_SIZE);
    }

    @Override
    protected ManagedChannelBuilder<?> createChannelBuilder() {
        return NettyChannelBuilder.forAddress(getListenAddress()).usePlaintext()
                .eventLoopGroup(loops).channelType(transport.channel)
                .flowControlWindow(TEST_FLOW_CONTROL_WINDOW)
                .maxInboundMessageSize(MAX_MESSAGE_SIZE);
    }

    /** They are gRPC's affair. */
    @Override
    protected boolean metricsExpected() {
        return false;
    }

    private static final class Lines extends RunListener {
        private boolean passed;

        @Override
        public void testStarted(Description test) {
            passed = true;
        }

        @Override
        public void testFailure(Failure failure) {
            passed = false;
            System.out.printf("FAIL  %s: %s%n%s", failure.getDescription().getMethodName(), failure.getException(),
                    failure.getTrace());
        }

        @Override
        public void testAssumptionFailure(Failure failure) {
            passed = false;
            System.out.printf("skip  %s: %s%n", failure.getDescription().getMethodName(), failure.getMessage());
        }

        @Override
        public void testFinished(Description test) {
            if (passed) {
                System.out.println("ok    " + test.getMethodName());
            }
        }
    }
}
