package org.iocp4j.soak;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * On Linux: the files that a server under Wine has open, by the entries of /proc/PID/fd: in its JVM, and in the
 * wineserver, which holds the sockets of every program of its prefix.
 */
public final class Descriptors {
    private final long jvm;
    private final Trend jvmFiles;
    private final Trend wineserverFiles;

    /** @param jvm the process id of the server's JVM */
    public Descriptors(long jvm, long allowance) {
        this.jvm = jvm;
        jvmFiles = new Trend("jvmDescriptors", allowance);
        wineserverFiles = new Trend("wineserverDescriptors", allowance);
    }

    public List<Trend> trends() {
        return List.of(jvmFiles, wineserverFiles);
    }

    /** Adds a sample of both. */
    public void sample(double seconds) {
        jvmFiles.add(seconds, open(jvm));
        String prefix = prefix(jvm);
        List<Long> wineservers = processes("/wineserver", prefix);
        if (wineservers.size() != 1) {
            wineserverFiles.exclude(wineservers.size() + " wineservers found for the prefix");
        } else if (processes("/wine64", prefix).stream().anyMatch(process -> process != jvm && !isWinesOwn(process))) {
            wineserverFiles.exclude("other programs run in the prefix");
        } else {
            wineserverFiles.add(seconds, open(wineservers.getFirst()));
        }
    }

    private static List<Long> processes(String program, String prefix) {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.filter(process -> process.info().command().filter(name -> name.endsWith(program)).isPresent())
                    .map(ProcessHandle::pid).filter(process -> prefix(process).equals(prefix)).toList();
        }
    }

    /** The folder that is drive C: and all else to a program of Wine's. */
    private static String prefix(long process) {
        return Stream.of(read(process, "environ").split("\0")).filter(entry -> entry.startsWith("WINEPREFIX="))
                .findFirst().orElse("");
    }

    /** One of Wine's services, or gone again. */
    private static boolean isWinesOwn(long process) {
        String command = read(process, "cmdline");
        return command.isEmpty() || command.toLowerCase(Locale.ROOT).startsWith("c:\\windows\\");
    }

    /** Empty if the process is gone, or not ours. */
    private static String read(long process, String file) {
        try {
            return Files.readString(Path.of("/proc/" + process, file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** null if the process is gone. */
    private static Long open(long process) {
        try (Stream<Path> files = Files.list(Path.of("/proc/" + process, "fd"))) {
            return files.count();
        } catch (IOException e) {
            return null;
        }
    }
}
