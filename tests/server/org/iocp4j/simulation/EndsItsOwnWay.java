package org.iocp4j.simulation;

import org.iocp4j.server.HandsOn;
import org.iocp4j.server.SessionRef;

/**
 * Stands for a session, as a handler around others has one do: asked to disconnect, it hands that on, or aborts.
 *
 * @param direct the session's own
 */
record EndsItsOwnWay(SessionRef direct, boolean aborts) implements HandsOn {
    @Override
    public void disconnect() {
        if (aborts) {
            direct.abort();
        } else {
            direct.disconnect();
        }
    }
}
