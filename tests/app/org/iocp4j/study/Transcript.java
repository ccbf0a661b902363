package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/** What calls answered and which packets came, a line each, without whatever differs from run to run. */
final class Transcript {
    /** A call that throws what Windows refuses. */
    @FunctionalInterface
    interface Call {
        void make() throws Win32Exception;
    }

    private static final int SOON_MILLIS = 100;
    /** ERROR_CONNECTION_ABORTED [wt], ERROR_OPERATION_ABORTED [doc], ERROR_NETNAME_DELETED twice [rep], and Wine's. */
    private static final Set<Integer> CLOSED_LOCALLY =
            Set.of(0xC000_0241, 0xC000_0120, 0xC000_020D, 0xC000_013B, 0x8000_000A);

    private final List<String> lines = new ArrayList<>();

    List<String> lines() {
        return lines;
    }

    void note(String line) {
        lines.add(line);
    }

    /** @param error 0 for success */
    void result(String call, int error) {
        lines.add(call + ": " + (error == 0 ? "ok" : ErrorName.of(error)));
    }

    void call(String call, Call code) {
        int error = 0;
        try {
            code.make();
        } catch (Win32Exception e) {
            error = e.code();
        }
        result(call, error);
    }

    /** The packet of this operation, which must come. */
    void packet(LabPort port, LabOperation operation) throws IOException, TimeoutException {
        Packet packet = port.await(operation);
        lines.add("packet " + describe(packet) + ": " + packet.outcome()
                + (packet.status() < 0 ? "" : ", " + packet.bytes() + " bytes"));
    }

    /** The packet of what was pending when its socket was closed: there are several right errors. */
    void packetOfAClosedSocket(LabPort port, LabOperation operation) throws IOException, TimeoutException {
        Packet packet = port.await(operation);
        lines.add("packet " + describe(packet) + ": "
                + (CLOSED_LOCALLY.contains(packet.status()) ? "closed locally" : packet.outcome()));
    }

    private static String describe(Packet packet) {
        return packet.kind() + ", key " + packet.key() + ", session " + packet.session();
    }

    /** No packet of this operation comes soon. */
    void nothing(LabPort port, LabOperation operation) throws Win32Exception {
        Packet packet = port.await(operation, SOON_MILLIS);
        lines.add(packet == null ? "no packet of " + operation.kind() : "packet " + describe(packet));
    }
}
