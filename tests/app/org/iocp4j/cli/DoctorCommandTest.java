package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.iocp4j.socket.check.Capabilities.Answer;
import org.iocp4j.socket.check.Capabilities.Result;
import org.iocp4j.socket.check.Capabilities.Source;
import org.iocp4j.socket.check.Capability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(180)
class DoctorCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void saysWhatWorksAndHowThatIsKnown() {
        assertThat(Main.run(out, err, "doctor")).isZero();
        assertThat(out()).matches("""
                iocp4j +\\S.*
                platform +(Windows|Wine \\d.*)
                system +Windows .*
                JDK +\\d.*
                reuse after DisconnectEx +yes  \\(self-check on loopback: .* generation 2.*\\)
                reuse after TransmitFile +yes  \\(self-check on loopback: .* generation 2.*\\)
                TransmitFile's disconnect seen +(yes|no )  \\(self-check on loopback: .*\\)
                skip-on-success +yes  \\(self-check on loopback: .*\\)
                skip-on-success with DisconnectEx +(yes|no )  \\(self-check on loopback: .*\\)
                re-key +(yes|no )  \\(self-check on loopback: NtSetInformationFile.*\\)
                second association refused +yes  \\(self-check on loopback: ERROR_INVALID_PARAMETER \\(87\\), .*\\)
                file limit +(\\d+|-)  \\(.*\\)
                """);
        assertThat(err()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void jsonIsOneObject() {
        assertThat(Main.run(out, err, "doctor", "--json")).isZero();
        assertThat(out()).startsWith("{\"iocp4j\":").endsWith("}}\n").hasLineCount(1)
                .contains(",\"platform\":\"Wi", "\"osVersion\":\"",
                "\"jdk\":\"" + System.getProperty("java.runtime.version"))
                .contains("\"capabilities\":{\"reuseAfterDisconnectEx\":{\"works\":true,\"source\":\"self-check on "
                        + "loopback\",\"detail\":")
                .contains("\"reKey\":{\"works\":", "\"skipOnSuccessWithDisconnectEx\":{\"works\":")
                .contains("},\"fileLimit\":{\"files\":");
    }

    /** Else a bug report could lack what the reporter saw on the screen. */
    @Test
    void jsonHasAllThatTheTextHas() throws IOException {
        Map<Capability, Answer> answers = new EnumMap<>(Capability.class);
        for (Capability capability : Capability.values()) {
            answers.put(capability, new Answer(Result.DOES_NOT, Source.SELF_CHECK, "seen " + capability.ordinal()));
        }
        PrintWriter writer = new PrintWriter(out, true, StandardCharsets.UTF_8);
        DoctorCommand.printJson(writer, "8.0", answers);
        Map<String, String> json = new LinkedHashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(out())) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token.isScalarValue()) {
                    json.put(parser.getParsingContext().pathAsPointer().toString(), parser.getText());
                }
            }
        }
        assertThat(json).containsKey("/iocp4j").containsEntry("/platform", "Wine").containsEntry("/wineVersion", "8.0")
                .containsEntry("/osName", System.getProperty("os.name"))
                .containsEntry("/osVersion", System.getProperty("os.version"))
                .containsEntry("/osArch", System.getProperty("os.arch"))
                .containsEntry("/jdk", System.getProperty("java.runtime.version"))
                .containsEntry("/jdkVendor", System.getProperty("java.vendor"))
                .containsEntry("/capabilities/transmitFileSeenByPeer/works", "false")
                .containsEntry("/capabilities/transmitFileSeenByPeer/source", "self-check on loopback")
                .containsEntry("/capabilities/transmitFileSeenByPeer/detail", "seen 2")
                .containsKeys("/fileLimit/files", "/fileLimit/source");
        assertThat(json.keySet()).filteredOn(key -> key.endsWith("/works")).hasSize(Capability.values().length);
    }

    @Test
    void helpExplainsEveryKey() {
        assertThat(Main.run(out, err, "doctor", "--help")).isZero();
        assertThat(out()).contains("iocp4j:", "platform:", "wineVersion", "osName, osVersion, osArch", "jdk, jdkVendor",
                "capabilities:", "works", "source", "detail", "fileLimit:");
    }

    /** Neither yes nor no: what stopped the check says nothing of the platform. */
    @Test
    void whatCouldNotBeLearntIsADashAndNull() {
        PrintWriter writer = new PrintWriter(out, false, StandardCharsets.UTF_8);
        var answers = Map.of(Capability.RE_KEY,
                new Answer(Result.NOT_LEARNT, Source.SELF_CHECK, "bind: WSAENOBUFS (10055)"));
        DoctorCommand.printText(writer, "8.0", answers);
        DoctorCommand.printJson(writer, "8.0", answers);
        writer.flush();
        assertThat(out())
                .contains("\nre-key                            -    (not known, self-check on loopback stopped by:"
                        + " bind: WSAENOBUFS (10055))")
                .contains("\"reKey\":{\"works\":null,\"source\":\"self-check on loopback\","
                        + "\"detail\":\"bind: WSAENOBUFS (10055)\"}");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereThanOnWindowsIsOneLine() {
        assertThat(Main.run(out, err, "doctor")).isOne();
        assertThat(err()).startsWith("iocp4j needs Windows' completion ports").hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
