package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.simulation.SessionContractTest.forEachSeed;
import static org.iocp4j.win32.generated.WinTypes.CREATE_ALWAYS;
import static org.iocp4j.win32.generated.WinTypes.FILE_SHARE_READ;
import static org.iocp4j.win32.generated.WinTypes.FILE_SHARE_WRITE;
import static org.iocp4j.win32.generated.WinTypes.GENERIC_WRITE;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.simulation.SessionContractTest.Life;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session promises of files and lent memory, each under many schedules. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class SendFileTest {
    private static final Path FILE = Path.of("C:\\site\\large");
    private static final Path LARGER = Path.of("C:\\site\\larger");
    private static final Path SMALL = Path.of("C:\\site\\small");
    private static final int BYTES = 200_000;
    private static final byte[] CONTENTS = contents(BYTES);

    @TempDir
    Path folder;

    private static byte[] contents(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (i * 0x9E37_79B1 >>> 21);
        }
        return bytes;
    }

    private static byte[] part(int from, int count) {
        return Arrays.copyOfRange(CONTENTS, from, from + count);
    }

    private static byte[] small(int fill, int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) fill);
        return bytes;
    }

    private static byte[] all(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] each : parts) {
            all.writeBytes(each);
        }
        return all.toByteArray();
    }

    /** A session that does one thing when it is opened. */
    private interface Opening {
        void run(Session session) throws Exception;
    }

    private static Life life(long seed, Opening opening) {
        Life life = new Life(seed) {
            @Override
            public void opened(Session session) throws Exception {
                super.opened(session);
                opening.run(session);
            }
        };
        life.kernel.putFile(FILE.toString(), CONTENTS);
        life.kernel.putFile(SMALL.toString(), part(0, 100));
        life.options.socketSendBufferBytes((int) (seed % 3) * 500);
        return life;
    }

    private static void requireTaken(SendResult result) {
        assertThat(result).isEqualTo(SendResult.TAKEN);
    }

    // ---- order ----

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CLOSE") // which resets
    void filesAndBytesGoOutInTheOrderOfTheirSends(DisconnectMethod method) {
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                requireTaken(session.send(ByteBuffer.wrap(small(1, 150))));
                requireTaken(session.sendFile(FILE, 1000, 100_000));
                requireTaken(session.send(ByteBuffer.wrap(small(2, 10))));
                requireTaken(session.sendFile(SMALL, 0, 100));
                requireTaken(session.sendFile(SMALL, 99, 1));
                requireTaken(session.send(ByteBuffer.wrap(small(3, 70))));
                assertThat(session.queuedBytes()).as("files do not count").isEqualTo(230);
                session.disconnect();
                assertThat(session.sendFile(Path.of("nowhere"), 0, 1)).isEqualTo(SendResult.CLOSED);
            });
            life.options.disconnectMethod(method);
            byte[] expected = all(small(1, 150), part(1000, 100_000), small(2, 10), part(0, 100), part(99, 1),
                    small(3, 70));
            ServerStatistics end = life.run(() -> {
                life.await(() -> life.client.received().length == expected.length, "all comes");
                life.client.finish();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.DISCONNECTED);
                life.client.close();
            });
            assertThat(life.client.received()).isEqualTo(expected);
            assertThat(end.incidents().sessionsCut() + end.faults().fileFailures()).isZero();
            assertThat(end.traffic().sentBytes()).isEqualTo(expected.length);
        });
    }

    /** The input goes on, and what another thread sends comes behind the file. */
    @Test
    void aSessionGoesOnWhileAFileIsSent() {
        forEachSeed(seed -> {
            Life life = life(seed, session -> requireTaken(session.sendFile(FILE, 0, BYTES)));
            life.run(() -> {
                life.client.send(small(7, 20));
                requireTaken(life.ref.send(ByteBuffer.wrap(small(8, 20))));
                life.await(() -> life.client.received().length == BYTES + 40, "all comes");
                byte[] received = life.client.received();
                assertThat(Arrays.copyOf(received, BYTES)).isEqualTo(CONTENTS);
                life.client.close();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
            });
        });
    }

    // ---- limits and mistakes ----

    @Test
    void aFileTooManyIsRefusedAndFollowedByACallOnceThereIsRoom() {
        forEachSeed(seed -> {
            int[] left = {7};
            List<Integer> rounds = new ArrayList<>();
            Life life = new Life(seed) {
                private void send(Session session) throws IOException {
                    while (left[0] > 0) {
                        SendResult result = session.sendFile(SMALL, 0, 100);
                        if (result != SendResult.TAKEN) {
                            assertThat(result).isEqualTo(SendResult.FULL);
                            return;
                        }
                        left[0]--;
                    }
                    session.disconnect();
                }

                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    send(session);
                    rounds.add(left[0]);
                }

                @Override
                public void writable(Session session) throws Exception {
                    rounds.add(left[0]);
                    send(session);
                }
            };
            life.kernel.putFile(SMALL.toString(), part(0, 100));
            life.options.sendQueueFiles(2).socketSendBufferBytes(16);
            life.client.window(50);
            ServerStatistics end = life.run(() -> {
                life.await(life.client::hasEnded, "all is sent");
                assertThat(life.client.received()).hasSize(700);
                life.client.close();
            });
            assertThat(rounds.getFirst()).as("those refused at first").isEqualTo(5);
            assertThat(end.incidents().sendsRefused()).isPositive();
        });
    }

    @Test
    void whatCannotBeSentIsToldInTheCallAndTheSessionGoesOn() {
        Life life = life(1, session -> {
            assertThatThrownBy(() -> session.sendFile(Path.of("C:\\site\\none"), 0, 1))
                    .isInstanceOf(NoSuchFileException.class).hasMessageContaining("none");
            assertThatThrownBy(() -> session.sendFile(SMALL, 0, 101)).isInstanceOf(EOFException.class)
                    .hasMessage("101 bytes from 0 on of " + SMALL + ", which has 100");
            assertThatThrownBy(() -> session.sendFile(SMALL, 101, 0)).isInstanceOf(EOFException.class);
            assertThatThrownBy(() -> session.sendFile(SMALL, 100, Long.MAX_VALUE)).isInstanceOf(EOFException.class);
            assertThatIllegalArgumentException().isThrownBy(() -> session.sendFile(SMALL, -1, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> session.sendFile(SMALL, 0, -1));
            requireTaken(session.sendFile(SMALL, 100, 0));
            requireTaken(session.sendFile(SMALL, 0, 100));
        });
        life.run(() -> {
            life.await(() -> life.client.received().length == 100, "the file comes");
            assertThatThrownBy(() -> life.ref.sendFile(folder, 0, 1)).isInstanceOf(FileSystemException.class)
                    .hasMessageContaining("is a directory");
            assertThatThrownBy(() -> life.ref.sendFile(folder.resolve("none"), 0, 1))
                    .isInstanceOf(NoSuchFileException.class);
            life.client.close();
            life.awaitEnd();
            assertThat(life.ref.sendFile(folder.resolve("none"), 0, 1)).isEqualTo(SendResult.CLOSED);
        });
    }

    // ---- the end in the midst ----

    @ParameterizedTest
    @EnumSource
    void inTheMidstOfAFileASessionEnds(Ending ending) {
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                session.sendFile(FILE, 0, BYTES);
                session.sendFile(SMALL, 0, 100);
            });
            life.client.stopReading();
            ServerStatistics end = life.run(() -> {
                life.kernel.sleep(Duration.ofMillis(50));
                switch (ending) {
                    case RESET_BY_PEER -> life.client.reset();
                    case ABORT -> life.ref.abort();
                    case DISCONNECT_OF_ONE_THAT_DOES_NOT_READ -> life.ref.disconnect();
                }
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(
                        ending == Ending.RESET_BY_PEER ? CloseReason.PEER_RESET : CloseReason.DISCONNECTED);
                if (ending != Ending.RESET_BY_PEER) {
                    life.await(life.client::isReset, "the peer learns that it has not got everything");
                }
            });
            assertThat(end.incidents().sessionsCut()).isEqualTo(ending == Ending.RESET_BY_PEER ? 0 : 1);
            assertThat(end.faults().fileFailures()).isZero();
        });
    }

    enum Ending {
        RESET_BY_PEER, ABORT, DISCONNECT_OF_ONE_THAT_DOES_NOT_READ
    }

    @Test
    void aFileThatBecomesShorterEndsTheSessionAndNeverInOrder() {
        forEachSeed(seed -> {
            Life life = life(seed, session -> session.sendFile(FILE, 0, BYTES));
            life.client.stopReading();
            ServerStatistics end = life.run(() -> {
                endByTruncation(life);
                assertThat(life.reason).isEqualTo(CloseReason.FILE_FAILED);
                assertThat(life.failure).isInstanceOf(EOFException.class).hasMessageContaining(FILE.toString());
                life.await(life.client::isReset, "the reset");
                assertThat(life.client.hasEnded()).as("an end in order").isFalse();
            });
            assertThat(end.faults().fileFailures()).isOne();
            assertThat(end.faults().callFailures()).isZero();
        });
    }

    @Test
    void aFileThatBecomesShorterBehindADisconnectIsToldBesideItsReason() {
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                session.sendFile(FILE, 0, BYTES);
                session.disconnect();
            });
            life.client.stopReading();
            ServerStatistics end = life.run(() -> {
                endByTruncation(life);
                assertThat(life.reason).isEqualTo(CloseReason.DISCONNECTED);
                assertThat(life.failure).isInstanceOf(EOFException.class).hasMessageContaining(FILE.toString());
            });
            assertThat(end.faults().fileFailures()).isOne();
        });
    }

    private static void endByTruncation(Life life) {
        life.kernel.sleep(Duration.ofMillis(50));
        truncate(FILE, life.kernel);
        life.client.startReading();
        life.awaitEnd();
    }

    static void truncate(Path file, SimulatedKernel kernel) {
        try (Win32 win32 = kernel.attach()) {
            long handle = win32.createFile(file.toString(), GENERIC_WRITE(), FILE_SHARE_READ() | FILE_SHARE_WRITE(),
                    CREATE_ALWAYS(), 0);
            assertThat(handle).isPositive();
            win32.closeHandle(handle);
        }
    }

    /** A large file and a slow client take longer than both times: as long as it goes on, it may. */
    @Test
    void aDisconnectWaitsForAFileThatGoesOn() {
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                session.sendFile(FILE, 0, BYTES);
                session.disconnect();
            });
            life.options.disconnectTime(Duration.ofMillis(600)).closeTime(Duration.ofMillis(600));
            life.client.window(4_000);
            life.run(() -> {
                for (int i = 0; i < 60; i++) {
                    life.client.stopReading();
                    life.kernel.sleep(Duration.ofMillis(20));
                    life.client.startReading();
                    life.kernel.sleep(Duration.ofMillis(2));
                }
                life.await(life.client::hasEnded, "all of it and a FIN");
                assertThat(life.client.received()).isEqualTo(CONTENTS);
                life.client.close();
            });
        });
    }

    /** How fast it read before does not make a piece so long that it reads too slowly now. */
    @Test
    void aPeerThatReadsSlowlyFromSomeTimeOnGetsAllOfIt() {
        byte[] large = contents(2_000_000);
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                session.sendFile(LARGER, 0, large.length);
                session.disconnect();
            });
            life.kernel.putFile(LARGER.toString(), large);
            life.options.disconnectTime(Duration.ofMillis(600)).closeTime(Duration.ofMillis(600));
            life.client.window(32_000);
            life.run(() -> {
                life.await(() -> life.client.received().length >= 980_000, "a half");
                life.client.window(4_000);
                life.client.stopReading();
                for (int i = 0; i < 1_000 && !life.client.hasEnded(); i++) {
                    life.kernel.sleep(Duration.ofMillis(40));
                    life.client.startReading(); // what has come, a window at most
                    life.client.stopReading();
                }
                assertThat(life.client.received()).isEqualTo(large);
                life.client.close();
            });
        });
    }

    // ---- a file that is mapped ----

    @Test
    void aChannelIsSentFromWhereItIsMappedAndMayBeClosed() throws IOException {
        Path file = Files.write(folder.resolve("mapped"), CONTENTS);
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                requireTaken(session.send(ByteBuffer.wrap(small(1, 30))));
                try (FileChannel channel = FileChannel.open(file)) {
                    channel.position(77);
                    requireTaken(session.sendFile(channel, 5, 90_000));
                    assertThatThrownBy(() -> session.sendFile(channel, 1, BYTES)).isInstanceOf(EOFException.class);
                    requireTaken(session.sendFile(channel, BYTES, 0));
                }
                requireTaken(session.send(ByteBuffer.wrap(small(2, 30))));
            });
            life.run(() -> {
                try {
                    requireTaken(life.ref.sendFile(file, 10, 20));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                life.await(() -> life.client.received().length == 90_080, "all comes");
                assertThat(life.client.received())
                        .isEqualTo(all(small(1, 30), part(5, 90_000), small(2, 30), part(10, 20)));
                life.client.close();
            });
        });
        Files.delete(file); // which Windows does not let one do with a file that is mapped
    }

    // ---- lent memory ----

    @Test
    void lentMemoryIsSentAnyNumberOfTimesAndFreeAfterTheLast() {
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                LentMemory memory = Objects.requireNonNull(session.group().lend(BYTES));
                try (memory) {
                    memory.bytes().put(CONTENTS);
                    requireTaken(session.send(memory, 10, 70_000));
                    requireTaken(session.send(ByteBuffer.wrap(small(1, 30))));
                    requireTaken(session.send(memory, BYTES - 1, 1));
                    requireTaken(session.send(memory, 0, 0));
                    assertThat(session.queuedBytes()).isEqualTo(30);
                }
                assertThatIllegalStateException().isThrownBy(memory::close);
                assertThatIllegalStateException().isThrownBy(memory::bytes);
                assertThatIllegalStateException().isThrownBy(() -> session.send(memory, 0, 1));
            });
            ServerStatistics end = life.run(() -> {
                life.await(() -> life.client.received().length == 70_031, "all comes");
                assertThat(life.client.received()).isEqualTo(all(part(10, 70_000), small(1, 30), part(BYTES - 1, 1)));
                life.client.close();
                life.awaitEnd();
                assertThat(life.server.statistics().resources().lentBytes()).isZero();
            });
            assertThat(end.faults().lentMemoryLost()).isZero();
        });
    }

    @Test
    void lentMemoryIsFreeWhenTheSessionIsReset() {
        forEachSeed(seed -> {
            Life life = life(seed, session -> {
                try (LentMemory memory = Objects.requireNonNull(session.group().lend(BYTES))) {
                    session.send(memory, 0, BYTES);
                    session.send(memory, 0, BYTES);
                }
            });
            life.client.stopReading();
            life.run(() -> {
                life.kernel.sleep(Duration.ofMillis(20));
                assertThat(life.server.statistics().resources().lentBytes()).isEqualTo(BYTES);
                life.client.reset();
                life.awaitEnd();
                assertThat(life.server.statistics().resources().lentBytes()).isZero();
            });
        });
    }

    @Test
    void noMoreIsLentThanTheOptionsSay() {
        Life life = new Life(1);
        life.options.lendBytes(1000);
        ServerStatistics end = life.run(() -> {
            LentMemory most = Objects.requireNonNull(life.server.group().lend(999));
            assertThat(life.server.group().lend(2)).isNull();
            assertThat(life.server.statistics().resources().lentBytes()).isEqualTo(999);
            ByteBuffer kept = most.bytes();
            most.close();
            assertThatIllegalStateException().as("another's memory by now").isThrownBy(() -> kept.get(0));
            Objects.requireNonNull(life.server.group().lend(1000)).close();
            assertThatIllegalArgumentException().isThrownBy(() -> life.server.group().lend(1001));
            assertThatIllegalArgumentException().isThrownBy(() -> life.server.group().lend(0));
            life.client.close();
        });
        assertThat(end.incidents().lendsRefused()).isOne();
    }

    @Test
    void memoryThatIsLostIsCountedAndFree() {
        Life life = new Life(1);
        life.run(() -> {
            for (int i = 0; i < 3; i++) {
                Objects.requireNonNull(life.server.group().lend(100)).bytes();
            }
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (life.server.statistics().resources().lentBytes() > 0 && System.nanoTime() - deadline < 0) {
                System.gc();
                Thread.onSpinWait();
            }
            assertThat(life.server.statistics().resources().lentBytes()).isZero();
            assertThat(life.server.statistics().faults().lentMemoryLost()).isEqualTo(3);
            life.client.close();
        });
    }
}
