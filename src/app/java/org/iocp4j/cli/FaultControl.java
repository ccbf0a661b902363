package org.iocp4j.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.iocp4j.echo.ActiveFault;
import org.iocp4j.echo.Fault;
import org.iocp4j.echo.Faults;
import org.iocp4j.port.LogLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code serve --control}: switches faults while the server runs, by lines on a connection of the loopback address.
 * docs/test-target.md has the protocol. Whoever can connect may switch; so can only what runs on this machine. A web
 * page in a browser here can connect too, but not choose the first word that the browser says: a word that is none of
 * ours ends the connection, before a POST comes to the lines of its body.
 */
final class FaultControl implements AutoCloseable {
    /** One connection more is closed at once. */
    static final int MAX_CONNECTIONS = 8;
    /** Without its end. A longer line is answered with an error, and ends its connection. */
    static final int MAX_LINE_BYTES = 1000;
    private static final int MOST_DROPPED_BYTES = 1 << 20;
    /** How long nothing may come. */
    private static final int DROP_MILLIS = 1000;
    /** What is read in place of a longer line; no line is this. */
    private static final String TOO_LONG = "\n";
    /** Until the next try, where a connection cannot be had: the process may be out of sockets, threads or memory. */
    static final int RETRY_MILLIS = 100;
    private static final Set<String> WORDS = Set.of("add", "remove", "clear", "list");
    private static final Logger LOG = LoggerFactory.getLogger(FaultControl.class);

    private final Faults faults;
    private final ServerSocket listener;
    private final LogLimit failures = new LogLimit();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    /** @param port 0 for any */
    FaultControl(Faults faults, int port) throws IOException {
        this(faults, new ServerSocket(port, MAX_CONNECTIONS, InetAddress.getByAddress(new byte[] {127, 0, 0, 1})));
    }

    /** @param listener is closed with this */
    FaultControl(Faults faults, ServerSocket listener) {
        this.faults = faults;
        this.listener = listener;
        Thread.ofPlatform().name("fault-control").daemon().start(this::accept);
    }

    InetSocketAddress localAddress() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    private void accept() {
        try {
            while (!listener.isClosed()) {
                acceptOne();
            }
        } catch (InterruptedException e) { // nobody does
            LOG.warn("--control: interrupted: no connection is taken any more");
        }
    }

    private void acceptOne() throws InterruptedException {
        try {
            begin(listener.accept());
        } catch (Throwable e) { // for want of a thread it is an Error
            if (listener.isClosed()) {
                return;
            }
            String more = failures.next();
            if (more != null) {
                LOG.warn("--control: {}{}", e, more);
            }
            Thread.sleep(RETRY_MILLIS);
        }
    }

    private void begin(Socket connection) throws IOException {
        if (connections.size() == MAX_CONNECTIONS) {
            connection.close();
            return;
        }
        connections.add(connection);
        try {
            Thread.ofPlatform().name("fault-control").daemon().start(() -> serve(connection));
        } catch (Throwable e) {
            connections.remove(connection);
            close(connection);
            throw e;
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            for (String line = line(in); line != null && !line.equals("quit"); line = line(in)) {
                out.write((answer(line) + "\n").getBytes(StandardCharsets.UTF_8));
                if (!WORDS.contains(word(line))) {
                    connection.shutdownOutput();
                    drop(connection, in);
                    return;
                }
            }
        } catch (IOException e) {
            LOG.debug("--control: {}", e.getMessage()); // its client has gone
        } finally {
            connections.remove(connection);
        }
    }

    /** What still comes, or a close would be a reset, which can overtake the answer. */
    private static void drop(Socket connection, InputStream in) throws IOException {
        connection.setSoTimeout(DROP_MILLIS);
        int _ = in.readNBytes(MOST_DROPPED_BYTES).length;
    }

    /** Null at the end. */
    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b == '\n') {
                return line.toString(StandardCharsets.UTF_8).strip();
            }
            if (line.size() == MAX_LINE_BYTES) {
                return TOO_LONG;
            }
            line.write(b);
        }
        return null;
    }

    private static String word(String line) {
        return line.split("\\s+", 2)[0];
    }

    /** The answer to a line: one line or several, without the last one's end. */
    String answer(String line) {
        if (line.equals(TOO_LONG)) {
            return "error a line has at most " + MAX_LINE_BYTES + " bytes";
        }
        String word = word(line);
        String argument = line.substring(word.length()).strip();
        try {
            return switch (word) {
                case "add" -> "ok " + faults.add(Fault.parse(argument)).id();
                case "remove" -> remove(argument);
                case "clear" -> {
                    faults.clear();
                    yield "ok";
                }
                case "list" -> list();
                default -> "error '" + word + "' is not allowed, must be add, remove, clear, list or quit";
            };
        } catch (IllegalArgumentException e) {
            return "error " + OptionErrors.oneLine(e.getMessage());
        }
    }

    private String remove(String id) {
        for (ActiveFault fault : faults.active()) {
            if (String.valueOf(fault.id()).equals(id)) {
                fault.close();
                return "ok " + fault.count();
            }
        }
        return "error no fault has the number '" + id + "'";
    }

    private String list() {
        StringBuilder lines = new StringBuilder();
        for (ActiveFault fault : faults.active()) {
            lines.append("fault ").append(fault.id()).append(' ').append(fault.count()).append(' ')
                    .append(fault.fault()).append('\n');
        }
        return lines.append("ok").toString();
    }

    /** Its connections end. */
    @Override
    public void close() {
        close(listener);
        connections.forEach(FaultControl::close);
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            LOG.debug("--control: {}", e.getMessage()); // nothing more is asked of it
        }
    }
}
