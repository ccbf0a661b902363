package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

/** Draws by the plan: failures, as 0 or an error that the call's documentation names, and what sources disagree on. */
final class Faults {
    private final SimulatedKernel kernel;

    Faults(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    private FaultPlan.Failures rates() {
        return kernel.plan().failures();
    }

    private boolean strikes(double rate) {
        return kernel.random.chance(rate);
    }

    int socket() {
        return strikes(rates().sockets()) ? kernel.random.pick(WSAEMFILE(), WSAENOBUFS()) : 0;
    }

    int memory() {
        return strikes(rates().memory()) ? kernel.random.pick(ERROR_NOT_ENOUGH_MEMORY(), ERROR_COMMITMENT_LIMIT()) : 0;
    }

    int accept() {
        // 10022 besides: AcceptEx on a socket still in TIME_WAIT is not documented.
        return strikes(rates().calls()) ? kernel.random.pick(WSAENOBUFS(), WSAECONNRESET(), WSAEINVAL()) : 0;
    }

    int connect() {
        return strikes(rates().calls()) ? kernel.random.pick(WSAENOBUFS(), WSAEADDRINUSE(), WSAENETUNREACH()) : 0;
    }

    /** Of a receive or a send. */
    int transfer() {
        if (strikes(rates().shortages())) {
            return kernel.random.pick(WSAENOBUFS(), ERROR_NO_SYSTEM_RESOURCES(), ERROR_WORKING_SET_QUOTA(),
                    ERROR_NOT_ENOUGH_QUOTA());
        }
        return strikes(rates().calls()) ? kernel.random.pick(WSAENOBUFS(), WSAECONNABORTED(), WSAENETRESET()) : 0;
    }

    int disconnect() {
        return strikes(rates().calls()) ? kernel.random.pick(WSAENOTCONN(), WSAEFAULT(), WSAENOBUFS()) : 0;
    }

    int shutdown() {
        return strikes(rates().calls()) ? kernel.random.pick(WSAECONNABORTED(), WSAENOTCONN(), WSAENETDOWN()) : 0;
    }

    int option() {
        return strikes(rates().options()) ? kernel.random.pick(WSAENETDOWN(), WSAENOBUFS()) : 0;
    }

    int association() {
        return strikes(rates().associations()) ? ERROR_NO_SYSTEM_RESOURCES() : 0;
    }

    int cancel() {
        return strikes(rates().cancels()) ? ERROR_NO_SYSTEM_RESOURCES() : 0;
    }

    int post() {
        return strikes(rates().posts()) ? ERROR_NO_SYSTEM_RESOURCES() : 0;
    }

    int file() {
        return strikes(rates().sockets()) ? ERROR_NO_SYSTEM_RESOURCES() : 0;
    }

    int fileTransfer() {
        return strikes(rates().calls()) ? kernel.random.pick(ERROR_NO_SYSTEM_RESOURCES(), ERROR_INVALID_USER_BUFFER())
                : 0;
    }

    /** An NTSTATUS. */
    int packet(PendingOperation.Kind kind) {
        if (!strikes(rates().packets())) {
            return 0;
        }
        return kind == PendingOperation.Kind.WRITE ? STATUS_DISK_FULL()
                : kind.isOfFile() ? STATUS_INSUFFICIENT_RESOURCES()
                : kernel.random.pick(STATUS_CONNECTION_ABORTED(), STATUS_INSUFFICIENT_RESOURCES(), STATUS_IO_TIMEOUT());
    }

    /** An NTSTATUS: how a connect ends that found its listener. */
    int connected() {
        return strikes(rates().packets())
                ? kernel.random.pick(STATUS_IO_TIMEOUT(), STATUS_NETWORK_UNREACHABLE(), STATUS_HOST_UNREACHABLE(),
                        STATUS_INSUFFICIENT_RESOURCES())
                : 0;
    }

    boolean reset() {
        return strikes(rates().resets());
    }

    boolean partialSend() {
        return strikes(rates().partialSends());
    }

    // ---- what sources disagree on ----

    /** An NTSTATUS: how an operation ends when a socket of it is closed. */
    int closed(PendingOperation operation, SimulatedSocket socket) {
        boolean varies = strikes(kernel.plan().variants().closeStatuses());
        if (operation.kind == PendingOperation.Kind.ACCEPT) {
            // Cancelled; but if the acceptor had its client already, the one or the other [wt].
            boolean clientThere = operation.connection != null && operation.acceptSocket == socket;
            return varies && clientThere ? STATUS_CONNECTION_ABORTED() : STATUS_CANCELLED();
        }
        if (operation.kind == PendingOperation.Kind.CONNECT) {
            return varies ? STATUS_CONNECTION_ABORTED() : STATUS_CANCELLED(); // [rep]
        }
        if (varies) {
            return kernel.random.pick(STATUS_CANCELLED(), STATUS_LOCAL_DISCONNECT(), STATUS_CONNECTION_ABORTED());
        }
        return operation.kind == PendingOperation.Kind.RECEIVE ? STATUS_CONNECTION_ABORTED() : STATUS_CANCELLED();
    }

    boolean needsItsFile() {
        return strikes(kernel.plan().variants().closeStatuses());
    }

    boolean finalAtDequeue() {
        return strikes(kernel.plan().variants().finalAtDequeue());
    }

    boolean outlivesThread() {
        return strikes(kernel.plan().variants().outlivesThread());
    }
}
