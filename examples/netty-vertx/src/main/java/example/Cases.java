package example;

import java.util.concurrent.TimeUnit;

/** Runs cases, prints a line for each, and counts those that fail. */
final class Cases {
    interface Case {
        void run() throws Exception;
    }

    private int failed;

    void run(String name, Case body) {
        long start = System.nanoTime();
        try {
            body.run();
            System.out.printf("ok    %s (%d ms)%n", name, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        } catch (Exception | AssertionError e) {
            failed++;
            System.out.printf("FAIL  %s: %s%n", name, e);
            e.printStackTrace(System.out);
        }
    }

    /** Ends the program: 0 if every case passed. */
    void end() {
        System.out.println(failed == 0 ? "all passed" : failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }

    static void expect(boolean held, String otherwise) {
        if (!held) {
            throw new AssertionError(otherwise);
        }
    }
}
