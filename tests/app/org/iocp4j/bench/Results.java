package org.iocp4j.bench;

import java.util.List;
import org.HdrHistogram.Histogram;

/** Results as a run would have them. */
public final class Results {
    private Results() {
    }

    /** Of {@code server} by {@code c}: 3 rounds, 1,000 operations, of which each took 1 to 1,000 microseconds. */
    private static BenchResult of(String load, ServerSpec server, Costs costs, Double bytesPerConnection,
            ForeignLoad foreign) {
        Histogram micros = BenchClient.newHistogram();
        for (int i = 1; i <= 1_000; i++) {
            micros.recordValue(i);
        }
        return new BenchResult(Load.of(load), server, ServerSpec.parse("c"),
                Spread.of(List.of(0.5, 0.75, 1.25)), Spread.of(List.of(100.0, 300.0, 200.0)), costs, 1_000, micros,
                bytesPerConnection, foreign);
    }

    /** With every figure, as under Wine. */
    public static BenchResult full() {
        return full(new ForeignLoad(7.4, 1, 2));
    }

    /** The same on a machine that also did this. */
    public static BenchResult full(ForeignLoad foreign) {
        return of("held-5000-active-50", ServerSpec.parse("iocp4j --workers 1"),
                new Costs(5_000_000L, 2_500_000L, 8_125L, 1_000L, 3_000L, 40L), 512.0, foreign);
    }

    /** With what an older build tells on Windows. */
    public static BenchResult of(String load, ServerSpec server) {
        return of(load, server, new Costs(null, null, null, null, null, null), null, new ForeignLoad(null, null, 3));
    }

    /** One that did not bear it, for a reason of two lines. */
    public static LeftOut leftOut() {
        return new LeftOut(Load.of("held-5000-active-50"), ServerSpec.parse("netty-nio"),
                "nothing came <for> 20 s,\nat all");
    }

    /** With what C tells on Windows. */
    public static BenchResult bare() {
        return of("ping-pong-1", ServerSpec.parse("c-best"), new Costs(1_000_000L, null, null, null, null, null), null,
                new ForeignLoad(null, null, 3));
    }
}
