package org.iocp4j.bench;

import java.io.IOException;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.SessionHandler;

/** Handlers on the server that they were written for. */
final class IocpHandlers implements Peer {
    private final SessionHandler handler;

    IocpHandlers(SessionHandler handler) {
        this.handler = handler;
    }

    @Override
    public int start() throws IOException {
        var options = ServerOptions.builder().bufferBytes(HandlerSession.INPUT_BYTES)
                .sendQueueBytes(HandlerSession.QUEUE_BYTES).build();
        return IocpServer.start(handler, options).localAddress().getPort();
    }
}
