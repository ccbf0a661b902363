package org.iocp4j.simkernel;

import static org.iocp4j.simkernel.FactScene.BOGUS;
import static org.iocp4j.simkernel.FactScene.KEY;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.REPORTED;
import static org.iocp4j.simkernel.WindowsFact.Known.WINE_TEST;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.ArrayList;
import java.util.List;
import org.iocp4j.simkernel.FactScene.End;

/** Of completion ports. */
final class PortFacts {
    private static final String MODES = "ntdll file.c test_file_completion_information";
    private static final String KERNEL32 = "kernel32 file.c";
    private static final String ONE_PORT = "users of CreateIoCompletionPort";
    private static final String NTDLL = "ntdll file.c test_set_io_completion";

    private PortFacts() {
    }

    static List<WindowsFact> all() {
        return List.of(
                // ---- association ----
                fact("associating a handle that is not overlapped", WINE_TEST, KERNEL32, s -> s.p.associate(
                        s.win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0), s.port, 1),
                        ERROR_INVALID_PARAMETER()),
                fact("associating no handle", WINE_TEST, KERNEL32,
                        s -> s.p.associate(BOGUS, s.port, 1), ERROR_INVALID_HANDLE()),
                fact("a second association, the same in everything", REPORTED, ONE_PORT, s -> {
                    long socket = s.connect();
                    return s.p.associate(socket, s.port, KEY);
                }, ERROR_INVALID_PARAMETER()),
                fact("a second association, with another port", REPORTED, ONE_PORT, s -> {
                    long socket = s.connect();
                    return s.p.associate(socket, s.p.port(0), KEY);
                }, ERROR_INVALID_PARAMETER()),
                fact("class 61 gives a handle another key", DOCUMENTED, "FILE_COMPLETION_INFORMATION", s -> {
                    long socket = s.connect();
                    int status = s.p.replacePort(socket, s.port, 9);
                    long overlapped = s.pendingReceive(socket);
                    s.client.send(new byte[] {1});
                    return List.of(status, s.end(overlapped));
                }, List.of(0, new End(9, 0, 1))),
                fact("class 61 while a receive is pending is refused, and the key stays", REPORTED,
                        "users of class 61", s -> {
                    long socket = s.connect();
                    long overlapped = s.pendingReceive(socket);
                    boolean refused = s.p.replacePort(socket, s.port, 9) < 0;
                    s.client.send(new byte[] {1});
                    return List.of(refused, s.end(overlapped));
                }, List.of(true, new End(KEY, 0, 1))),
                // ---- packets ----
                fact("posted packets come in their order, with their keys and numbers", WINE_TEST, NTDLL, s -> {
                    for (int i = 1; i <= 3; i++) {
                        s.win32.postQueuedCompletionStatus(s.port, 10 * i, i, 0);
                    }
                    List<Program.Packet> packets = new ArrayList<>();
                    while (packets.size() < 3) {
                        packets.addAll(s.p.dequeue(s.port, 3, 0));
                    }
                    return packets;
                }, List.of(new Program.Packet(0, 1, 0, 10), new Program.Packet(0, 2, 0, 20),
                        new Program.Packet(0, 3, 0, 30))),
                fact("a dequeue never takes more than were asked for", WINE_TEST, NTDLL, s -> {
                    for (int i = 0; i < 3; i++) {
                        s.win32.postQueuedCompletionStatus(s.port, 0, i, 0);
                    }
                    return s.p.dequeue(s.port, 2, 0).size() <= 2;
                }, true),
                fact("a dequeue from an empty port, without time", WINE_TEST, KERNEL32,
                        s -> s.p.dequeueError(s.port, 0), WAIT_TIMEOUT()),
                fact("a dequeue from an empty port, when its time is up", WINE_TEST, KERNEL32,
                        s -> s.p.dequeueError(s.port, 50), WAIT_TIMEOUT()),
                // ---- a port is closed ----
                fact("closing a port under a thread that waits", WINE_TEST,
                        "ntdll sync.c test_completion_port_scheduling",
                        s -> {
                            List<Integer> errors = new ArrayList<>();
                            s.kernel.start("waiter", () -> errors.add(new Program(s.kernel).dequeueError(s.port, -1)));
                            s.settle();
                            s.win32.closeHandle(s.port);
                            s.settle();
                            return errors;
                        }, List.of(ERROR_ABANDONED_WAIT_0())),
                fact("dequeuing from, posting to, and associating with a port that was closed", DOCUMENTED,
                        "CloseHandle; CreateIoCompletionPort", s -> {
                            s.win32.closeHandle(s.port);
                            return List.of(s.p.dequeueError(s.port, 0),
                                    s.win32.postQueuedCompletionStatus(s.port, 0, 0, 0),
                                    s.p.associate(s.p.socket(), s.port, 0) != 0);
                        }, List.of(ERROR_INVALID_HANDLE(), ERROR_INVALID_HANDLE(), true)),
                // ---- notification modes ----
                fact("skip-on-success on a handle that is not overlapped", WINE_TEST, MODES,
                        s -> s.win32.setFileCompletionNotificationModes(
                                s.win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0),
                                FILE_SKIP_COMPLETION_PORT_ON_SUCCESS()), ERROR_INVALID_PARAMETER()),
                fact("modes are never taken back", WINE_TEST, MODES, s -> {
                    long socket = s.connect();
                    s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                    int error = s.win32.setFileCompletionNotificationModes(socket, 0);
                    return List.of(error, packetsAsReturned(s, socket));
                }, List.of(0, true)),
                fact("modes add up", WINE_TEST, MODES, s -> {
                    long socket = s.connect();
                    s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                    int error = s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_SET_EVENT_ON_HANDLE());
                    return List.of(error, packetsAsReturned(s, socket));
                }, List.of(0, true)),
                fact("what pended has its packet on a handle that skips them on success", WINE_TEST, MODES, s -> {
                    long socket = s.connect();
                    s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                    long overlapped = s.pendingReceive(socket);
                    s.client.send(new byte[] {1});
                    return s.end(overlapped);
                }, new End(KEY, 0, 1)),
                fact("what pended and failed has its packet on a handle that skips them on success", WINE_TEST,
                        "sock.c test_connect_completion_port", s -> {
                            long socket = s.connect();
                            s.win32.setFileCompletionNotificationModes(socket, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
                            long overlapped = s.pendingReceive(socket);
                            s.client.reset();
                            return s.end(overlapped);
                        }, new End(KEY, STATUS_CONNECTION_RESET(), 0)),
                fact("a send that returns success has its packet all the same, unless they are skipped", DOCUMENTED,
                        "SetFileCompletionNotificationModes", s -> {
                            long overlapped = s.p.overlapped();
                            s.send(s.connect(), overlapped);
                            return s.end(overlapped);
                        }, new End(KEY, 0, 1)));
    }

    /** Of a handle that skips packets on success: of ten sends those that pended have one each, and no others. */
    private static boolean packetsAsReturned(FactScene s, long socket) {
        for (int i = 0; i < 10; i++) {
            long overlapped = s.p.overlapped();
            int error = s.send(socket, overlapped);
            if (error == 0 ? !s.p.dequeue(s.port, 1, 10).isEmpty() : s.end(overlapped).bytes() != 1) {
                return false;
            }
        }
        return true;
    }
}
