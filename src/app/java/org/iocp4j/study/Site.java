package org.iocp4j.study;

import java.io.IOException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.NativeAccess;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.iocp4j.win32.generated.OPERATION;

/** Where experiments run: each in a lab of its own, so that none depends on what ran before. */
public abstract class Site {
    private final Platform platform;
    private final String description;

    private Site(Platform platform, String description) {
        this.platform = platform;
        this.description = description;
    }

    public Platform platform() {
        return platform;
    }

    /** {@code Wine 8.0}, for people. */
    public String description() {
        return description;
    }

    /** @param progress takes what the experiment says while it lasts; called on its thread */
    public abstract Finding run(Experiment experiment, Consumer<String> progress) throws IOException, TimeoutException;

    /**
     * This system.
     *
     * @throws org.iocp4j.win32.UnsupportedPlatformException if it is neither Windows nor Wine
     */
    public static Site here() {
        try (Win32 win32 = WindowsWin32.attach()) {
            String wine = win32.wineVersion();
            String name = wine.isEmpty() ? System.getProperty("os.name") : "Wine " + wine;
            return new Here(Platform.of(win32), name);
        }
    }

    /**
     * The simulated kernel, on any OS: the same seed gives the same run.
     *
     * @throws org.iocp4j.win32.NativeAccessDeniedException before a report has begun
     */
    public static Site simulated(long seed) {
        NativeAccess.require();
        return new Simulated(seed);
    }

    private static final class Here extends Site {
        Here(Platform platform, String description) {
            super(platform, description);
        }

        @Override
        public Finding run(Experiment experiment, Consumer<String> progress) throws IOException, TimeoutException {
            try (Lab lab = new Lab(platform(), WindowsWin32::attach, JavaPeer::new, progress)) {
                return experiment.run(lab);
            }
        }
    }

    private static final class Simulated extends Site {
        private final long seed;
        private Finding finding;
        private Exception failure;

        Simulated(long seed) {
            super(Platform.SIMULATED, "simulated kernel, seed " + seed);
            this.seed = seed;
        }

        /** Order and time are what Windows allows them to be; nothing fails that need not. */
        @Override
        public Finding run(Experiment experiment, Consumer<String> progress) throws IOException, TimeoutException {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY)
                    .operationBytes((int) OPERATION.sizeof());
            failure = null;
            kernel.run(() -> scenario(kernel, experiment, progress));
            switch (failure) {
                case null -> {
                    return finding;
                }
                case IOException e -> throw e;
                case TimeoutException e -> throw e;
                default -> throw new IllegalStateException(failure);
            }
        }

        private void scenario(SimulatedKernel kernel, Experiment experiment, Consumer<String> progress) {
            try (Lab lab = new Lab(platform(), kernel::attach, () -> new SimulatedPeer(kernel), progress)) {
                finding = experiment.run(lab);
            } catch (IOException | TimeoutException e) {
                failure = e;
            }
            kernel.requireNothingLeft();
        }
    }
}
