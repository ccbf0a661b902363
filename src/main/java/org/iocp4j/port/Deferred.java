package org.iocp4j.port;

/** Something to be done on this thread when what has come is dealt with. */
@FunctionalInterface
public interface Deferred {
    void run(IoContext io);
}
