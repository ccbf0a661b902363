package org.iocp4j.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.HostPort;

/** A connect has not led to a session: {@link IocpGroup#connect}. */
public final class ConnectFailedException extends IOException {
    private static final long serialVersionUID = 1;

    private final InetSocketAddress remoteAddress;
    private final ConnectFailure failure;

    ConnectFailedException(String what, InetSocketAddress remoteAddress, ConnectFailure failure) {
        super(what + ": " + HostPort.text(remoteAddress));
        this.remoteAddress = remoteAddress;
        this.failure = failure;
    }

    /** Where it was to go. */
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    /** Why it has failed. */
    public ConnectFailure failure() {
        return failure;
    }
}
