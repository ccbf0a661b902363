package org.iocp4j.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/** {@code ab}, ApacheBench: a connection for each GET, by HTTP/1.0. */
final class AbClient extends ToolClient {
    /** It takes memory for so many. */
    private static final int MOST_REQUESTS = 500_000;
    private static final Pattern COMPLETE = Pattern.compile("Complete requests:\\s+(\\d+)");
    private static final Pattern FAILED = Pattern.compile("Failed requests:\\s+(\\d+)");
    private static final Pattern SECONDS = Pattern.compile("Time taken for tests:\\s+([0-9.]+) seconds");
    private static final Pattern PERCENTILE = Pattern.compile("(\\d+),([0-9.]+)");

    AbClient(Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException {
        super(load, server, stopped);
    }

    @Override
    BenchClient.Counted work(long seconds) throws IOException {
        // -t sets -n, so that comes behind it
        String text = run(List.of("ab", "-q", "-t", String.valueOf(seconds), "-n", String.valueOf(MOST_REQUESTS),
                "-c", String.valueOf(load().connections()), "-e", file("percentiles.csv").toString(),
                "http://" + host() + ":" + port() + "/" + load().bytes()), seconds);
        long failed = Long.parseLong(find(FAILED, text));
        long operations = Long.parseLong(find(COMPLETE, text));
        if (failed > 0 || operations == 0) {
            throw failure("counts " + failed + " failed requests of " + operations);
        }
        return new BenchClient.Counted(operations, Math.round(Double.parseDouble(find(SECONDS, text)) * 1e9),
                operations, micros(operations));
    }

    private String find(Pattern pattern, String text) throws IOException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw failure("says " + text);
        }
        return matcher.group(1);
    }

    /** Each percentile stands for the hundredth before it. */
    private Histogram micros(long operations) throws IOException {
        Histogram micros = BenchClient.newHistogram();
        long recorded = 0;
        for (String line : Files.readAllLines(file("percentiles.csv"))) {
            Matcher percentile = PERCENTILE.matcher(line);
            if (percentile.matches()) {
                long upTo = operations * Long.parseLong(percentile.group(1)) / 100;
                record(micros, Double.parseDouble(percentile.group(2)), upTo - recorded);
                recorded = upTo;
            }
        }
        return micros;
    }
}
