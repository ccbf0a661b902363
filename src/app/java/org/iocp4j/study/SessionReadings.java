package org.iocp4j.study;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The ways to tell from a packet whose it is, side by side. A packet has two numbers, its key and the one in the
 * OVERLAPPED; here both are packed so full that each way finds in them what a server of that kind would have put there.
 *
 * <p>Sessions live in places and use sockets in slots. A place whose session is deleted is free; it may get another
 * one.
 */
final class SessionReadings {
    /** What a server needs to know whose a packet is. */
    enum Identity {
        /** The key is the address of the socket's first session. */
        KEY,
        /** The OVERLAPPED has the address of the session that posted it. */
        POINTER,
        /** The key names the slot, and the slot its present session. */
        SLOT_KEY,
        /** The OVERLAPPED has an id that no other session ever has. */
        ID;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** What one of them makes of a packet. */
    enum Outcome {
        RIGHT("its session"),
        STRANGER("a live stranger"),
        DELETED("a deleted session"),
        LATE("recognised as late");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }

        boolean isWrong() {
            return this == STRANGER || this == DELETED;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final int SLOT_BITS = 16;
    private static final long NOBODY = 0;

    private final long[] inPlace;
    private final long[] inSlot;
    private long serial;

    SessionReadings(int places, int slots) {
        inPlace = new long[places];
        inSlot = new long[slots];
    }

    /** A new session, in a place that is free; its id. */
    long begin(int place, int slot) {
        long id = PlaceId.of(place, ++serial);
        inPlace[place] = id;
        inSlot[slot] = id;
        return id;
    }

    /** The session is deleted, whatever is still out. */
    void end(long id) {
        inPlace[PlaceId.place(id)] = NOBODY;
        for (int slot = 0; slot < inSlot.length; slot++) {
            if (inSlot[slot] == id) {
                inSlot[slot] = NOBODY;
            }
        }
    }

    /** The number that people call the session by. */
    static long number(long id) {
        return PlaceId.serial(id);
    }

    /** For the association of a socket in this slot, whose first session is in this place. */
    static long key(int place, int slot) {
        return (place + 1L) << SLOT_BITS | slot + 1L;
    }

    /** What each way makes of a packet. */
    Map<Identity, Outcome> read(long key, long overlapped) {
        Map<Identity, Outcome> outcomes = new LinkedHashMap<>();
        long byKey = inPlace[(int) (key >>> SLOT_BITS) - 1];
        long byPointer = inPlace[PlaceId.place(overlapped)];
        long bySlot = inSlot[(int) (key & (1 << SLOT_BITS) - 1) - 1];
        outcomes.put(Identity.KEY, judge(byKey, overlapped));
        outcomes.put(Identity.POINTER, judge(byPointer, overlapped));
        outcomes.put(Identity.SLOT_KEY, judge(bySlot, overlapped));
        outcomes.put(Identity.ID, byPointer == overlapped ? Outcome.RIGHT : Outcome.LATE);
        return outcomes;
    }

    private static Outcome judge(long named, long owner) {
        if (named == owner) {
            return Outcome.RIGHT;
        }
        return named == NOBODY ? Outcome.DELETED : Outcome.STRANGER;
    }
}
