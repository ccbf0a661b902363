package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class ThreadCountsTest {
    private static final int THREADS = 4;
    private static final int ROUNDS = 100_000;

    private final HeapWin32 system = new HeapWin32();
    private final ThreadCounts counts = new ThreadCounts(2);

    private IoThread thread() {
        return new IoThread(system.win32());
    }

    @Test
    void aSumIsOfAllThreads() {
        IoThread one = thread();
        counts.add(0, 3, one);
        counts.add(1, 100, one);
        counts.add(0, 4, thread());
        assertThat(counts.sum(0)).isEqualTo(7);
        assertThat(counts.sum(1)).isEqualTo(100);
    }

    @Test
    void aThreadCountsInSeveralPlacesInTurn() {
        List<ThreadCounts> places = List.of(counts, new ThreadCounts(1), new ThreadCounts(1), new ThreadCounts(1));
        IoThread io = thread();
        for (int i = 0; i < 1000; i++) {
            for (ThreadCounts place : places) {
                place.add(0, 1, io);
            }
        }
        assertThat(places).allSatisfy(place -> assertThat(place.sum(0)).isEqualTo(1000));
    }

    /** Nothing is lost of what a thread has counted that is gone, and nothing else is kept of it. */
    @Test
    void threadsThatComeAndGoLeaveTheirCountsAndNothingElse() {
        WeakReference<ThreadCounts.Share> first = countAndGo();
        while (first.get() != null) {
            System.gc();
            countAndGo();
        }
        long before = counts.sum(0);
        countAndGo();
        assertThat(counts.sum(0)).isEqualTo(before + 1);
        assertThat(counts.sum(1)).isEqualTo(2 * counts.sum(0));
    }

    private WeakReference<ThreadCounts.Share> countAndGo() {
        IoThread io = thread();
        counts.add(0, 1, io);
        counts.add(1, 2, io);
        return new WeakReference<>(io.share(counts));
    }

    /** And the number that is counted first is never the smaller one, while they are at it. */
    @Test
    void threadsThatCountAtTheSameTimeLoseNothing() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                all.add(pool.submit(() -> {
                    IoThread io = thread();
                    for (int i = 0; i < ROUNDS; i++) {
                        counts.add(0, 1, io);
                        counts.add(1, 1, io);
                    }
                }));
            }
            while (!all.stream().allMatch(Future::isDone)) {
                long second = counts.sum(1);
                assertThat(counts.sum(0)).isGreaterThanOrEqualTo(second);
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(counts.sum(0)).isEqualTo(THREADS * ROUNDS);
        assertThat(counts.sum(1)).isEqualTo(THREADS * ROUNDS);
    }

    @Test
    void countingAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        IoThread io = thread();
        counts.add(0, 1, io);
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
            counts.add(0, 1, io);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isZero();
    }
}
