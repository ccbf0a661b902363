package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A JVM that was not told to let us call native code: by default it warns, and it can deny. */
@Timeout(120)
class NativeAccessTest {
    private static final String DENIED = "iocp4j needs native access, which this JVM denies to what is on the class"
            + " path: start it with --enable-native-access=ALL-UNNAMED";

    /** JDK 22 and 23 deny what is not named as soon as anything is; from JDK 24 on there is an option for it. */
    private static final String DENY = Runtime.version().feature() < 24 ? "--enable-native-access=java.base"
            : "--illegal-native-access=deny";

    @ParameterizedTest
    @ValueSource(strings = {"serve", "doctor", "study", "study --json second-association"})
    @EnabledOnOs(OS.WINDOWS)
    void commandsThatNeedWindowsNameTheOption(String command) throws Exception {
        Process denied = start(DENY, Main.class, command.split(" "));
        assertThat(output(denied)).isEqualTo(DENIED + "\n");
        assertThat(denied.exitValue()).isEqualTo(ExitCode.FAILED);
    }

    /** The simulated kernel reads the memory that its servers name by address. */
    @ParameterizedTest
    @ValueSource(strings = {"simulate", "study --simulated"})
    void commandsThatSimulateNameItOnEveryOs(String command) throws Exception {
        Process denied = start(DENY, Main.class, command.split(" "));
        assertThat(output(denied)).isEqualTo(DENIED + "\n");
        assertThat(denied.exitValue()).isEqualTo(ExitCode.FAILED);
    }

    /** A class that failed to initialise would say so at the second call. */
    @Test
    @EnabledOnOs(OS.WINDOWS)
    void aProgramIsToldTheSameEachTime() throws Exception {
        assertThat(output(start(DENY, Program.class)).lines()).containsOnly("UnsupportedOperationException: " + DENIED)
                .hasSize(4);
    }

    /** Module.isNativeAccessEnabled is false there too, and yet all calls work. */
    @Test
    @EnabledOnOs(OS.WINDOWS)
    void whereTheJvmOnlyWarnsTheServerServes() throws Exception {
        assumeTrue(Runtime.version().feature() >= 24, "before, the option is unknown, and not needed");
        assertThat(output(start("--illegal-native-access=warn", Program.class)).lines())
                .contains("attached", "attached", "serves", "serves").noneMatch(line -> line.contains("denies"));
    }

    /** Attaches and serves, twice each, and says what came of it. */
    public static final class Program {
        private Program() {
        }

        public static void main(String[] arguments) throws IOException {
            for (int i = 0; i < 2; i++) {
                try (var _ = WindowsWin32.attach()) {
                    System.out.println("attached");
                } catch (UnsupportedOperationException e) {
                    System.out.println("UnsupportedOperationException: " + e.getMessage());
                }
                try (var _ = IocpServer.start((session, data) -> session.send(data), ServerOptions.defaults())) {
                    System.out.println("serves");
                } catch (UnsupportedOperationException e) {
                    System.out.println("UnsupportedOperationException: " + e.getMessage());
                }
            }
        }
    }

    private static Process start(String option, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:-PrintWarnings", option,
                "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String output(Process process) throws Exception {
        String text = new String(process.getInputStream().readAllBytes()).replace("\r", "");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return text;
    }
}
