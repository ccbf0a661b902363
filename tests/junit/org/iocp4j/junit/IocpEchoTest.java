package org.iocp4j.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.echo.ActiveFault;
import org.iocp4j.echo.EchoEvent.Accepted;
import org.iocp4j.echo.EchoEvent.Disconnected;
import org.iocp4j.echo.EchoEvent.How;
import org.iocp4j.echo.EchoEvent.Messages;
import org.iocp4j.echo.EchoEvent.Side;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.echo.Fault;
import org.iocp4j.echo.Faults;
import org.iocp4j.server.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Classes as users write them, each run by JUnit inside of a test. */
@Timeout(180)
class IocpEchoTest {
    private static final Queue<TestClient> CLIENTS = new ConcurrentLinkedQueue<>();

    private static TestClient leave(TestClient client) {
        CLIENTS.add(client);
        return client;
    }

    @AfterEach
    void closeWhatUsersHaveLeft() throws IOException {
        for (TestClient client : CLIENTS) {
            client.close();
        }
    }

    private static Outcome run(Class<?> testClass) {
        return Outcome.of(testClass, Map.of("junit.jupiter.extensions.autodetection.enabled", "false"));
    }

    // ---- where there are no completion ports ----

    static class OnAClass {
        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().build();

        @Test
        void asks() throws IOException {
            try (TestClient client = TestClient.logIn(ECHO.address())) {
                client.echo(42);
            }
        }
    }

    static class OnAnInstance {
        @RegisterExtension
        final IocpEcho echo = IocpEcho.builder().build();

        @Test
        void asks() throws IOException {
            try (TestClient client = TestClient.logIn(echo.address())) {
                client.echo(42);
            }
        }

        @Test
        void hasAServerOfItsOwn() throws IOException {
            try (TestClient client = TestClient.logIn(echo.address())) {
                client.echo(42);
            }
            assertThat(echo.statistics().server().connections().accepts()).isEqualTo(1);
        }
    }

    static class Failing {
        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().failWhereUnsupported().build();

        @Test
        void asks() {
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereThanOnWindowsTestsAreSkippedWithTheReason() {
        for (Class<?> testClass : new Class<?>[] {OnAClass.class, OnAnInstance.class}) {
            Outcome outcome = run(testClass);
            assertThat(outcome.failures).isEmpty();
            assertThat(outcome.passed).isEmpty();
            assertThat(outcome.skipped).isNotEmpty().allSatisfy(reason -> assertThat(reason)
                    .contains("iocp4j needs Windows' completion ports, and this JVM runs on "));
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereThanOnWindowsTestsFailIfTheyAreToldTo() {
        Outcome outcome = run(Failing.class);
        assertThat(outcome.skipped).isEmpty();
        assertThat(outcome.failures).singleElement().satisfies(failure -> assertThat(failure)
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("iocp4j needs Windows' completion ports"));
    }

    @Test
    void outsideOfItsTestsThereIsNoServer() {
        assertThatIllegalStateException().isThrownBy(() -> IocpEcho.builder().build().address())
                .withMessage("the echo server runs only during the tests that it is registered for:"
                        + " is its field annotated with @RegisterExtension?");
    }

    @Test
    void aWaitHasABound() {
        for (Duration wrong : new Duration[] {Duration.ofMillis(-1), ChronoUnit.FOREVER.getDuration()}) {
            assertThatIllegalArgumentException().isThrownBy(() -> IocpEcho.builder().longestWait(wrong))
                    .withMessage("longestWait: '" + wrong + "' is not allowed, must be 0 to 1 day");
        }
    }

    @Test
    void whoWaitsLooksAtEachEventOnce() throws Exception {
        EchoEvents events = new EchoEvents(Duration.ofMinutes(1));
        AtomicInteger looks = new AtomicInteger();
        CompletableFuture<List<Messages>> found = new CompletableFuture<>();
        Thread waiting = Thread.ofPlatform().start(() -> {
            try {
                found.complete(events.await(Messages.class, event -> looks.incrementAndGet() > 0, 300));
            } catch (Throwable e) {
                found.completeExceptionally(e);
            }
        });
        for (int i = 1; i <= 300; i++) {
            events.add(new Messages(Instant.EPOCH, 1, 1, i));
            int now = i;
            await().until(() -> looks.get() >= now);
        }
        waiting.join();
        assertThat(found.get()).hasSize(300);
        assertThat(looks.get()).isEqualTo(300);
    }

    // ---- where there are ----

    @Test
    @NeedsCompletionPorts
    void aClassHasAServerAndSoHasAnInstance() {
        assertThat(run(OnAClass.class).passed).hasSize(1);
        Outcome instance = run(OnAnInstance.class);
        assertThat(instance.failures).isEmpty();
        assertThat(instance.passed).hasSize(2);
    }

    static class Leaving {
        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().longestWait(Duration.ofMillis(300)).build();

        @Test
        void forgetsToClose() throws IOException {
            leave(TestClient.logIn(ECHO.address())).echo(1);
        }
    }

    @Test
    @NeedsCompletionPorts
    void aSessionThatIsLeftFailsTheClassAndIsNamed() {
        Outcome outcome = run(Leaving.class);
        assertThat(outcome.passed).hasSize(1);
        assertThat(outcome.failures).singleElement().satisfies(failure -> assertThat(failure.getMessage())
                .startsWith("left of the echo server (faults' seed 1):\n  session ")
                .contains(" of /127.0.0.1:" + CLIENTS.element().localAddress().getPort() + " on socket ",
                        ", generation 1, ", ", 1 messages: its client has not closed the connection")
                .hasLineCount(2));
    }

    /** The server never sees a reply out: the client has given up long before. */
    static class Impatient {
        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().build();

        @Test
        void closesBeforeItsReply() throws IOException {
            try (TestClient client = TestClient.logIn(ECHO.address());
                    ActiveFault late = ECHO.faults().add(Fault.latency(Duration.ofMinutes(5)))) {
                client.sendBytes(TestClient.packet(1));
                await().until(() -> late.count() == 1);
            }
        }
    }

    @Test
    @NeedsCompletionPorts
    void aLateReplyToAClientThatHasClosedIsNoSessionLeft() {
        Outcome outcome = run(Impatient.class);
        assertThat(outcome.failures).isEmpty();
        assertThat(outcome.passed).hasSize(1);
    }

    static class Keeping {
        @RegisterExtension
        final IocpEcho echo = IocpEcho.builder().longestWait(Duration.ofMillis(300)).allowOpenSessions().build();

        @Test
        void keepsItsConnection() throws IOException {
            leave(TestClient.logIn(echo.address())).echo(1);
        }
    }

    @Test
    @NeedsCompletionPorts
    void aSessionMayBeLeftWhereThatIsAllowed() {
        Outcome outcome = run(Keeping.class);
        assertThat(outcome.failures).isEmpty();
        assertThat(outcome.passed).hasSize(1);
    }

    @ExtendWith(IocpEcho.class)
    static class Injected {
        Injected(IocpEcho echo) {
            assertThat(echo.port()).isPositive();
        }

        @Test
        void getsWhatItAsksFor(EchoServer server, EchoEvents events, Faults faults) throws Exception {
            ActiveFault reset = faults.add(Fault.resetPeer(10));
            try (TestClient client = TestClient.logIn(server.localAddress())) {
                client.expectReset();
            }
            Disconnected gone = events.await(Disconnected.class);
            assertThat(gone.by()).isEqualTo(Side.SERVER);
            assertThat(gone.how()).isEqualTo(How.RST);
            assertThat(reset.count()).isEqualTo(1);
        }
    }

    @Test
    @NeedsCompletionPorts
    void parametersAreResolved() {
        Outcome outcome = run(Injected.class);
        assertThat(outcome.failures).isEmpty();
        assertThat(outcome.passed).hasSize(1);
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class InjectedOnce extends Injected {
        InjectedOnce(IocpEcho echo) {
            super(echo);
        }
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    @ExtendWith(IocpEcho.class)
    static class NotMade {
        NotMade(EchoServer server) {
            throw new IllegalArgumentException("on port " + server.port());
        }

        @Test
        void isNotRun() {
        }
    }

    /** JUnit makes it before it calls anything else. */
    @Test
    @NeedsCompletionPorts
    void theInstanceOfAllTestsGetsTheServerToo() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Outcome outcome = run(InjectedOnce.class);
        assertThat(outcome.failures).isEmpty();
        assertThat(outcome.passed).hasSize(1);
        assertThat(run(NotMade.class).failures).singleElement().satisfies(failure -> assertThat(failure)
                .hasStackTraceContaining("IllegalArgumentException: on port "));
        assertLeavesNoServer(before);
    }

    static class Repeated {
        private static final CountDownLatch BOTH = new CountDownLatch(2);

        @RepeatedTest(2)
        @ExtendWith(IocpEcho.class)
        @ExtendWith(Together.class)
        @Execution(ExecutionMode.CONCURRENT)
        void asks(EchoServer server) throws IOException {
            try (TestClient client = TestClient.logIn(server.localAddress())) {
                client.echo(42);
            }
        }
    }

    /** Each repetition waits, when it has its server or was refused it, until the other one has come as far. */
    static class Together implements AfterEachCallback {
        @Override
        public void afterEach(ExtensionContext context) throws InterruptedException {
            Repeated.BOTH.countDown();
            Repeated.BOTH.await();
        }
    }

    @Test
    @NeedsCompletionPorts
    void repetitionsAtTheSameTimeDoNotTakeEachOthersServer() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Outcome outcome = Outcome.of(Repeated.class, Map.of("junit.jupiter.execution.parallel.enabled", "true",
                "junit.jupiter.execution.parallel.config.strategy", "fixed",
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "2"));
        assertThat(outcome.passed).hasSize(1);
        assertThat(outcome.failures).singleElement().satisfies(failure -> assertThat(failure)
                .hasMessageMatching("the echo server of one test cannot be that of repetition \\d of 2, which runs at"
                        + " the same time: register it in a static field, or at the class"));
        assertLeavesNoServer(before);
    }

    private static void assertLeavesNoServer(Set<Thread> before) {
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> thread.getName().startsWith("iocp-")).isSubsetOf(before));
    }

    static class Faulty {
        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().protocol(EchoProtocol.RAW).fault(Fault.neverRead())
                .options(server -> server.maxSessions(3)).longestWait(Duration.ofMillis(200)).build();

        @Test
        void seesNothing(EchoEvents events) throws Exception {
            try (Socket client = new Socket(ECHO.address().getAddress(), ECHO.port())) {
                client.getOutputStream().write(1);
                await().until(() -> !events.all(Accepted.class).isEmpty());
                Accepted accepted = events.all(Accepted.class).getFirst();
                assertThat(accepted.client().getPort()).isEqualTo(client.getLocalPort());
                assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> events.await(Messages.class))
                        .withMessageStartingWith("0 of 1 such Messages events within 200 ms; there are: [Accepted[");
            }
            ECHO.faults().clear(); // until now the server does not even see that its client has gone
            await().untilAsserted(() -> assertThat(events.all(Disconnected.class)).hasSize(1));
            events.clear();
            assertThat(events.all()).isEmpty();
        }
    }

    @Test
    @NeedsCompletionPorts
    void theBuildersFaultsAndOptionsAreInForce() {
        Outcome outcome = run(Faulty.class);
        assertThat(outcome.failures).isEmpty();
        assertThat(outcome.passed).hasSize(1);
    }

    static class Refused {
        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().protocol(EchoProtocol.RAW).fault(Fault.wrongLogin()).build();

        @Test
        void isNotRun() {
        }
    }

    @Test
    @NeedsCompletionPorts
    void aFaultThatTheProtocolCannotHaveFailsTheClassAndLeavesNoServer() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Outcome outcome = run(Refused.class);
        assertThat(outcome.passed).isEmpty();
        assertThat(outcome.failures).singleElement().satisfies(failure -> assertThat(failure)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("wrong-login: the protocol has no login message"));
        assertLeavesNoServer(before);
    }

    @Execution(ExecutionMode.CONCURRENT)
    static class Parallel {
        static final Set<Integer> PORTS = ConcurrentHashMap.newKeySet();

        @RegisterExtension
        static final IocpEcho ECHO = IocpEcho.builder().build();

        @Test
        void one() throws Exception {
            talk();
        }

        @Test
        void two() throws Exception {
            talk();
        }

        @Nested
        class Deeper {
            @Test
            void three() throws Exception {
                talk();
            }
        }

        static void talk() throws Exception {
            PORTS.add(ECHO.port());
            try (TestClient client = TestClient.logIn(ECHO.address())) {
                for (int i = 0; i < 50; i++) {
                    client.echo(i);
                }
                int port = client.localAddress().getPort();
                Accepted mine = ECHO.events().await(Accepted.class, event -> event.client().getPort() == port);
                ECHO.events().await(Messages.class, event -> event.session() == mine.session() && event.total() == 50);
            }
        }
    }

    @Test
    @NeedsCompletionPorts
    void testsInParallelAndNestedOnesShareTheClassesServer() {
        Parallel.PORTS.clear();
        Outcome outcome = Outcome.of(Parallel.class, Map.of("junit.jupiter.execution.parallel.enabled", "true"));
        assertThat(outcome.failures).isEmpty();
        assertThat(outcome.passed).hasSize(3);
        assertThat(Parallel.PORTS).hasSize(1);
    }
}
