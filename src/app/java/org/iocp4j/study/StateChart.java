package org.iocp4j.study;

import java.util.List;

/**
 * The TCP states of connections over time, for a picture: a row for each connection, in it a bar for each end.
 *
 * @param looks when the states were looked at, in words
 * @param rows  connections
 */
public record StateChart(String title, List<String> looks, List<Row> rows) implements Picture {
    /**
     * A connection.
     *
     * @param name   how it ended
     * @param detail more of that; may be empty
     * @param server the state of the server's end, at each look
     * @param client the same of the client's
     */
    public record Row(String name, String detail, List<String> server, List<String> client) {
    }
}
