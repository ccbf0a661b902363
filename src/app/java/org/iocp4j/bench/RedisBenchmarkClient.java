package org.iocp4j.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/** {@code redis-benchmark}: SETs on connections that stay. */
final class RedisBenchmarkClient extends ToolClient {
    /** It works for a number, not for a time: these tell how many a second has. */
    private static final int FIRST_COMMANDS = 10_000;
    /** The columns of its line: the name, commands per second, average, least, and percentiles in milliseconds. */
    private static final int PER_SECOND = 1;
    private static final int P50 = 4;
    private static final int P95 = 5;
    private static final int P99 = 6;
    private static final int MOST = 7;

    RedisBenchmarkClient(Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException {
        super(load, server, stopped);
    }

    @Override
    BenchClient.Counted work(long seconds) throws IOException {
        double perSecond = number(columns(FIRST_COMMANDS, seconds), PER_SECOND);
        long commands = Math.max(FIRST_COMMANDS, Math.round(perSecond * seconds));
        String[] columns = columns(commands, seconds);
        Histogram micros = BenchClient.newHistogram();
        record(micros, number(columns, P50), commands / 2);
        record(micros, number(columns, P95), commands * 95 / 100 - commands / 2);
        record(micros, number(columns, P99), commands * 99 / 100 - commands * 95 / 100);
        record(micros, number(columns, MOST), commands - commands * 99 / 100);
        return new BenchClient.Counted(commands, Math.round(commands * 1e9 / number(columns, PER_SECOND)),
                commands + FIRST_COMMANDS, micros);
    }

    private String[] columns(long commands, long seconds) throws IOException {
        String text = run(List.of("redis-benchmark", "-h", host(), "-p", String.valueOf(port()), "-t", "set",
                "-c", String.valueOf(load().connections()), "-P", String.valueOf(load().messages()),
                "-d", String.valueOf(load().bytes()), "-n", String.valueOf(commands), "--csv"), seconds);
        return text.lines().filter(line -> line.startsWith("\"SET\"")).findFirst()
                .orElseThrow(() -> failure("says " + text)).replace("\"", "").split(",");
    }

    private double number(String[] columns, int column) throws IOException {
        try {
            return Double.parseDouble(columns[column]);
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw failure("says " + String.join(",", columns));
        }
    }
}
