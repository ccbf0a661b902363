package org.iocp4j.study;

import java.io.IOException;
import java.util.concurrent.TimeoutException;

/** One question about completion ports, and a small program that answers it by doing the thing. */
public interface Experiment {
    /** As on the command line: {@code wrong-session}. */
    String name();

    /** A sentence or two, for a reader who knows sockets but not completion ports. */
    String question();

    /**
     * Does it, on the calling thread.
     *
     * @throws IOException      if a call failed that was not part of the question
     * @throws TimeoutException if something that had to come did not, within the lab's bound
     */
    Finding run(Lab lab) throws IOException, TimeoutException;
}
