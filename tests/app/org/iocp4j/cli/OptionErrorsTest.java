package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.reflect.AnnotatedElement;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Wrong options end in one line on stderr, and nothing else happens. */
class OptionErrorsTest {
    private static final String SEE = ", see iocp4j load --help\n";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "--clients 0|--clients: '0' is not allowed, must be 1 to 60000",
        "--clients=60001|--clients: '60001' is not allowed, must be 1 to 60000",
        "--clients -5|--clients: '-5' is not allowed, must be 1 to 60000",
        "--clients many|--clients: 'many' is not allowed, must be 1 to 60000",
        "--clients 99999999999|--clients: '99999999999' is not allowed, must be 1 to 60000",
        "--clients|--clients: value missing, must be 1 to 60000",
        "--clients --json|--clients: value missing, must be 1 to 60000",
        "--clients 1 --clients 2|--clients: given more than once",
        "--port 0|--port: '0' is not allowed, must be 1 to 65535",
        "--port 65536|--port: '65536' is not allowed, must be 1 to 65535",
        "--over-send 0|--over-send: '0' is not allowed, must be 1 to 100000",
        "--seconds 0|--seconds: '0' is not allowed, must be 1 to 604800",
        "--reconnect-percent 101|--reconnect-percent: '101' is not allowed, must be 0 to 100",
        "--reconnect-percent NaN|--reconnect-percent: 'NaN' is not allowed, must be 0 to 100",
        "--loop-delay 5|--loop-delay: '5' is not allowed, must be a number with ms, s or m, 0s to 60m",
        "--loop-delay 61m|--loop-delay: '61m' is not allowed, must be a number with ms, s or m, 0s to 60m",
        "--echo-timeout 0ms|--echo-timeout: '0ms' is not allowed, must be a number with ms, s or m, 1ms to 60m",
        "--echo-timeout 1h|--echo-timeout: '1h' is not allowed, must be a number with ms, s or m, 1ms to 60m",
        "--protocol http|--protocol: 'http' is not allowed, must be messages or raw",
        "--protocol seed|--protocol: seed is called messages now",
        "--protocol|--protocol: value missing, must be messages or raw",
        "--engine epoll|--engine: 'epoll' is not allowed, must be nio or iocp",
        "--json=5|--json: '5' is not allowed, must be given without a value",
        "--host|--host: value missing, must be a text that is not empty",
        "--host=|--host: '' is not allowed, must be a text that is not empty",
        "--client 5|--client: unknown option, did you mean --clients?",
        "--frobnicate=7|--frobnicate: unknown option",
        "surplus|'surplus' is not allowed, must be an option",
    })
    void eachIsOneLine(String options, String line) {
        Outcome outcome = run(("load " + options).split(" "));
        assertThat(outcome.err()).isEqualTo(line + SEE);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.code()).isEqualTo(2);
    }

    @Test
    void commandMissingOrUnknown() {
        assertThat(run().err()).startsWith("Usage: iocp4j ")
                .contains("load", "test [MAVEN ARGUMENT...]", "Exit codes:");
        assertThat(run().out()).isEmpty();
        assertThat(run().code()).isEqualTo(2);
        assertThat(run("lod").err())
                .isEqualTo("lod: unknown command, must be load, serve, doctor, demo, study, simulate, soak"
                + " or bench (or the launcher's test, java or setup), see iocp4j --help\n");
        assertThat(run("lod").code()).isEqualTo(2);
        assertThat(run("--frobnicate").err()).isEqualTo("--frobnicate: unknown option, see iocp4j --help\n");
    }

    @Test
    void valuesOnTheEdgeAreTaken() {
        Outcome outcome = run("load", "--clients", "60000", "--reconnect-percent", "99.5", "--loop-delay", "60m",
                "--protocol", "RAW", "--port", "65535", "--help");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
    }

    @Test
    void helpSaysOfEveryOptionWhatIsAllowed() {
        Output nowhere = new Output(new LineQueue("nowhere", OutputStream.nullOutputStream(), null));
        for (CommandLine command : Main.commandLine(nowhere, nowhere).getSubcommands().values()) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                boolean ranged = ((AnnotatedElement) option.userObject()).isAnnotationPresent(Allowed.class);
                String allowed = OptionErrors.allowed(option);
                String help = option.paramLabel() + " " + String.join(" ", option.description());
                if (ranged) {
                    String range = allowed.substring(allowed.lastIndexOf(',') + 1).strip();
                    assertThat(help).as(option.longestName()).contains(range);
                } else if (option.type().isEnum()) {
                    assertThat(help).as(option.longestName()).contains(allowed.split(", | or "));
                }
            }
        }
    }

    private static Outcome run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(out, err, args);
        return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private record Outcome(int code, String out, String err) {
    }
}
