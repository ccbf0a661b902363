package org.iocp4j.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/** {@code wrk}: GETs on connections that stay. */
final class WrkClient extends ToolClient {
    /** Prints each time with how often it was. */
    private static final String SCRIPT = """
            done = function(summary, latency, requests)
              local e = summary.errors
              io.write(string.format("counted %d %d %d\\n", summary.requests, summary.duration,
                  e.connect + e.read + e.write + e.status + e.timeout))
              for i = 1, #latency do
                local micros, times = latency(i)
                io.write(string.format("latency %d %d\\n", micros, times))
              end
            end
            """;

    WrkClient(Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException {
        super(load, server, stopped);
    }

    @Override
    BenchClient.Counted work(long seconds) throws IOException {
        Files.writeString(file("done.lua"), SCRIPT);
        return parse(run(List.of("wrk", "-t", "1", "-c", String.valueOf(load().connections()), "-d", seconds + "s",
                "-s", file("done.lua").toString(), "http://" + host() + ":" + port() + "/" + load().bytes()),
                seconds));
    }

    private BenchClient.Counted parse(String text) throws IOException {
        Histogram micros = BenchClient.newHistogram();
        long operations = 0;
        long nanos = 0;
        for (String line : text.lines().toList()) {
            String[] words = line.split(" ");
            if (words[0].equals("counted")) {
                operations = Long.parseLong(words[1]);
                nanos = Long.parseLong(words[2]) * 1000;
                if (!words[3].equals("0")) {
                    throw failure("counts " + words[3] + " errors");
                }
            } else if (words[0].equals("latency")) {
                record(micros, Long.parseLong(words[1]) / 1000.0, Long.parseLong(words[2]));
            }
        }
        if (operations == 0) {
            throw failure("has no answer: " + text);
        }
        return new BenchClient.Counted(operations, nanos, operations, micros);
    }
}
