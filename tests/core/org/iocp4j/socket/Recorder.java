package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.iocp4j.port.IoThread;

/** What a socket has told, in order, and memory for its posts. */
final class Recorder implements SocketEvents {
    record Event(String name, int status, int bytes) {
    }

    /** What the test does when an event comes. */
    interface Reaction {
        void to(Event event, StreamSocket socket, Recorder self, IoThread io);
    }

    static final int MEMORY_BYTES = 1 << 16;

    private final List<Event> told = new CopyOnWriteArrayList<>();
    private final Reaction reaction;
    final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES);

    Recorder() {
        this((event, socket, self, io) -> { });
    }

    Recorder(Reaction reaction) {
        this.reaction = reaction;
    }

    /** Sends back what comes, and closes the socket with the peer. */
    static Recorder echo() {
        return new Recorder((event, socket, self, io) -> {
            int outcome = StreamSocket.PENDING;
            if (event.name().equals("received") && event.bytes() > 0) {
                io.buffer(0, self.memory.address(), event.bytes());
                outcome = socket.send(1, io);
            } else if (event.name().equals("sent") && event.status() >= 0) {
                outcome = self.receive(socket, io);
            } else {
                socket.close(Closing.FIN, io);
            }
            assertThat(outcome).isEqualTo(StreamSocket.PENDING);
        });
    }

    /** Accepts into an echo. */
    static StreamListener.Accepted echoes() {
        return (socket, io) -> {
            Recorder echo = echo();
            assertThat(socket.attach(echo, 0, io)).isZero();
            assertThat(echo.receive(socket, io)).isEqualTo(StreamSocket.PENDING);
        };
    }

    // ---- posts ----

    /** Receives into all of the memory. */
    int receive(StreamSocket socket, IoThread io) {
        io.buffer(0, memory.address(), MEMORY_BYTES);
        return socket.receive(1, io);
    }

    /** Sends a text from the start of the memory. */
    int send(StreamSocket socket, String text, IoThread io) {
        io.buffer(0, memory.address(), write(text, 0));
        return socket.send(1, io);
    }

    /** Writes a text; returns how many bytes it has. */
    int write(String text, long offset) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, offset, bytes.length);
        return bytes.length;
    }

    /** What stands in the memory. */
    String text(long offset, int bytes) {
        return new String(memory.asSlice(offset, bytes).toArray(JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    // ---- events ----

    /** All that was told, in order. */
    List<Event> told() {
        return told;
    }

    List<String> names() {
        return told.stream().map(Event::name).toList();
    }

    boolean has(String name) {
        return count(name) > 0;
    }

    long count(String name) {
        return told.stream().filter(event -> event.name().equals(name)).count();
    }

    Event first(String name) {
        return told.stream().filter(event -> event.name().equals(name)).findFirst().orElseThrow();
    }

    private void tell(Event event, StreamSocket socket, IoThread io) {
        told.add(event);
        reaction.to(event, socket, this, io);
    }

    @Override
    public void connected(StreamSocket socket, int status, IoThread io) {
        tell(new Event("connected", status, 0), socket, io);
    }

    @Override
    public void readable(StreamSocket socket, int status, IoThread io) {
        tell(new Event("readable", status, 0), socket, io);
    }

    @Override
    public void received(StreamSocket socket, int status, int bytes, IoThread io) {
        tell(new Event("received", status, bytes), socket, io);
    }

    @Override
    public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
        tell(new Event("sent", status, bytes), socket, io);
    }

    @Override
    public void gone(StreamSocket socket, IoThread io) {
        tell(new Event("gone", 0, 0), socket, io);
    }
}
