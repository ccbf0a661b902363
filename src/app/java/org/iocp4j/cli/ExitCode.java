package org.iocp4j.cli;

/** What the process ends with; {@link Main} shows the list under every command's help. */
public final class ExitCode {
    public static final int OK = 0;
    /** The run failed; of a client's run also: it counted errors. */
    public static final int FAILED = 1;
    public static final int WRONG_OPTIONS = 2;
    /** A fault of the program (EX_SOFTWARE of sysexits.h). */
    public static final int UNEXPECTED = 70;
    /** Ended by Ctrl-C before a command could end in order (128 + SIGINT). */
    public static final int INTERRUPTED = 130;

    private ExitCode() {
    }
}
