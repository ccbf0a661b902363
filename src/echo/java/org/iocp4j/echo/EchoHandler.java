package org.iocp4j.echo;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.hooks.ConnectionHooks;
import org.iocp4j.server.hooks.FlightRecording;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * Sends back what its protocol calls a message. While no fault is in force, all that a receive has brought goes into
 * one send; a session that has met one goes its {@link FaultySession}'s ways from then on.
 */
abstract class EchoHandler implements SessionHandler, ConnectionHooks {
    final MessageCounters counters;
    private final Faults faults;
    private final @Nullable EventSource events;

    EchoHandler(MessageCounters counters, Faults faults, @Nullable Consumer<? super EchoEvent> events) {
        this.counters = counters;
        this.faults = faults;
        this.events = events == null ? null : new EventSource(events);
    }

    // ---- the protocol ----

    /** What greets a client, for the caller alone; null if nothing does. */
    abstract @Nullable ByteBuffer login();

    /** The length of a message; 0 if what one receive brought is one. */
    abstract int messageBytes();

    /** How many bytes from the position on are whole messages. */
    abstract int wholeMessages(ByteBuffer data);

    /** Whether what is left can never make a message. Reads nothing. */
    abstract boolean isWrong(ByteBuffer data);

    /** The session is to end, for {@link #isWrong}. */
    abstract void tellWrong(Session session, ByteBuffer data);

    // ---- the session ----

    @Override
    public void accepted(long session, StreamSocket socket) {
        if (events != null) {
            events.accepted(session, socket);
        }
    }

    @Override
    public void opened(Session session) {
        ByteBuffer login = login();
        FaultySession faulty = faults.of(session);
        boolean isGreeted;
        if (faulty != null) {
            isGreeted = faulty.opened(session, login);
        } else {
            isGreeted = login != null && session.send(login) == SendResult.TAKEN;
        }
        if (isGreeted) {
            counters.sent.increment();
        }
    }

    @Override
    public void received(Session session, ByteBuffer data) {
        FaultySession faulty = faults.of(session);
        if (faulty != null && faulty.isEnding()) {
            data.position(data.limit());
            return;
        }
        if (faulty != null && faulty.holdInput(session)) {
            return;
        }
        int limit = data.limit();
        int bytes = wholeMessages(data);
        int count = messageBytes() == 0 ? 1 : bytes / messageBytes();
        data.limit(data.position() + bytes);
        long answered = count;
        if (faulty != null) {
            answered = answer(session, faulty, data, count);
        } else if (session.send(data) != SendResult.TAKEN) { // all in one send; if refused they are passed again
            return;
        }
        data.limit(limit);
        if (count > 0) {
            counters.received.add(count);
            counters.sent.add(answered);
            tell(session, count);
        }
        if (isWrong(data)) {
            wrong(session, data, faulty);
        } else if (faulty != null) {
            faulty.holdInput(session);
        }
    }

    @Override
    public void writable(Session session) {
        FaultySession faulty = session.attachment(FaultySession.class);
        if (faulty != null) {
            faulty.goOn(session);
        }
    }

    private long answer(Session session, FaultySession faulty, ByteBuffer data, int count) {
        int end = data.limit();
        long answered = 0;
        for (int i = 0; i < count; i++) {
            data.limit(messageBytes() == 0 ? end : data.position() + messageBytes());
            answered += faulty.answer(session, data) ? 1 : 0;
        }
        return answered;
    }

    private void tell(Session session, int count) {
        if (events != null) {
            events.messages(session.id(), count);
        }
        if (FlightRecording.isOn()) {
            MessagesEvent event = new MessagesEvent();
            if (event.isEnabled()) {
                event.session = session.id();
                event.messages = count;
                event.commit();
            }
        }
    }

    private void wrong(Session session, ByteBuffer data, @Nullable FaultySession faulty) {
        counters.protocolErrors.increment();
        if (faulty != null && faulty.suffers(Fault.Kind.NEVER_CLOSE)) {
            data.position(data.limit()); // nothing that comes after it makes a message, either
            faulty.end(session); // once the fault is over
        } else {
            tellWrong(session, data);
            end(session, faulty);
        }
    }

    /** Nothing more is answered; but what was asked before is, however late a fault makes it. */
    private static void end(Session session, @Nullable FaultySession faulty) {
        if (faulty == null) {
            session.disconnect();
        } else {
            faulty.end(session);
        }
    }

    @Override
    public void inputEnded(Session session) {
        end(session, faults.of(session));
    }

    @Override
    public void idle(Session session) {
        FaultySession faulty = faults.of(session);
        if (faulty == null || !faulty.isWaiting()) {
            session.disconnect();
        }
    }

    @Override
    public void closed(Session session, CloseReason reason, @Nullable Throwable failure) {
        FaultySession faulty = session.attachment(FaultySession.class);
        if (faulty != null) {
            faulty.ended();
        }
        if (events != null) {
            events.closed(session.id(), reason, faulty != null && faulty.hasEndedOutput());
        }
    }

    @Override
    public void disconnecting(long session, boolean reset) {
        if (events != null) {
            events.disconnecting(session, reset);
        }
    }
}
