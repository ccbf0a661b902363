package org.iocp4j.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.socket.check.Capabilities.Answer;
import org.iocp4j.socket.check.Capabilities.Result;
import org.iocp4j.socket.check.Capability;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code iocp4j doctor}: where this runs, and what works here. */
@Command(name = "doctor", sortOptions = false,
        description =
                "Prints the versions of what this runs on, and what works here, with how that is known. Needs Windows,"
                + " or Wine. A bug report should have its --json.",
        footerHeading = "%nJSON, one object on one line:%n", footer = {
            "  iocp4j: its version, null if it does not run from its jar",
            "  platform: Windows or Wine; wineVersion, null on Windows",
            "  osName, osVersion, osArch; jdk, jdkVendor",
            "  capabilities: an object for each, with works (true, false; null if the check was stopped),",
            "    source (documentation or a self-check) and detail, in words",
            "  fileLimit: files, the most that can be open, null if there is no fixed limit or it",
            "    cannot be read; source",
        })
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "all of it as one JSON object")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Win32 win32 = WindowsWin32.attach()) {
            String wine = win32.wineVersion();
            if (json) {
                printJson(out, wine, Capabilities.checkAll(win32));
            } else {
                printText(out, wine, Capabilities.checkAll(win32));
            }
            return ExitCode.OK;
        }
    }

    private static Map<String, String> platform(String wine) {
        Map<String, String> platform = new LinkedHashMap<>();
        platform.put("iocp4j", Main.version());
        platform.put("platform", wine.isEmpty() ? "Windows" : "Wine");
        platform.put("wineVersion", wine.isEmpty() ? null : wine);
        platform.put("osName", System.getProperty("os.name"));
        platform.put("osVersion", System.getProperty("os.version"));
        platform.put("osArch", System.getProperty("os.arch"));
        platform.put("jdk", System.getProperty("java.runtime.version"));
        platform.put("jdkVendor", System.getProperty("java.vendor"));
        return platform;
    }

    static void printText(PrintWriter out, String wine, Map<Capability, Answer> answers) {
        Map<String, String> p = platform(wine);
        line(out, "iocp4j", p.get("iocp4j") == null ? "- (not run from its jar)" : p.get("iocp4j"));
        line(out, "platform", wine.isEmpty() ? "Windows" : "Wine " + wine + "; figures measured here are Wine's");
        line(out, "system", p.get("osName") + " (" + p.get("osVersion") + "), " + p.get("osArch"));
        line(out, "JDK", p.get("jdk") + ", " + p.get("jdkVendor"));
        answers.forEach((capability, answer) -> line(out, capability.toString(), text(answer)));
        FileLimit limit = FileLimit.read(!wine.isEmpty());
        line(out, "file limit", (limit.files() == null ? "-" : limit.files()) + "  (" + limit.how() + ")");
    }

    private static String text(Answer answer) {
        return switch (answer.result()) {
            case WORKS -> String.format(Locale.ROOT, "yes  (%s: %s)", answer.source(), answer.detail());
            case DOES_NOT -> String.format(Locale.ROOT, "no   (%s: %s)", answer.source(), answer.detail());
            case NOT_LEARNT -> String.format(Locale.ROOT, "-    (not known, %s stopped by: %s)", answer.source(),
                    answer.detail());
        };
    }

    private static void line(PrintWriter out, String name, String value) {
        out.println(String.format(Locale.ROOT, "%-33s %s", name, value));
    }

    static void printJson(PrintWriter out, String wine, Map<Capability, Answer> answers) {
        JsonLine object = new JsonLine();
        platform(wine).forEach(object::put);
        object.open("capabilities");
        answers.forEach((capability, answer) -> object.open(camelCase(capability))
                .put("works", answer.result() == Result.NOT_LEARNT ? null : answer.works())
                .put("source", answer.source())
                .put("detail", answer.detail())
                .close());
        FileLimit limit = FileLimit.read(!wine.isEmpty());
        out.println(object.close()
                .open("fileLimit")
                .put("files", limit.files())
                .put("source", limit.how())
                .end());
    }

    /** {@code REUSE_AFTER_DISCONNECT_EX} as {@code reuseAfterDisconnectEx}. */
    private static String camelCase(Capability capability) {
        StringBuilder name = new StringBuilder();
        for (String word : capability.name().toLowerCase(Locale.ROOT).split("_")) {
            name.append(name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return name.toString();
    }
}
