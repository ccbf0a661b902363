package org.iocp4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.iocp4j.bench.Machine;

/**
 * How many files, and so sockets, can be open.
 *
 * @param files null if there is no fixed limit, or none that can be read
 * @param how   how that is known
 */
record FileLimit(Long files, String how) {
    /**
     * Linux' view of a process, through Wine's drive for the root folder. Wine opens files in its server, so "self" is
     * the wineserver, which holds the descriptors of all sockets: its limit is the one that counts [wine].
     */
    private static final String WINESERVER_LIMITS = "Z:\\proc\\self\\limits";

    static FileLimit read(boolean wine) {
        if (!wine) {
            return new FileLimit(null, "documentation: memory is the only limit of sockets");
        }
        try {
            Long files = Machine.fileLimit(Files.readString(Path.of(WINESERVER_LIMITS)));
            return new FileLimit(files, files == null ? "the wineserver has no limit, says /proc"
                    : "/proc, the wineserver's; a connection takes two");
        } catch (IOException | InvalidPathException e) {
            return new FileLimit(null, "not to be read: " + e.getMessage());
        }
    }
}
