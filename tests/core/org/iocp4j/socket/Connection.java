package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A connection of a domain with a client of the JDK's, whose reads give up after 20 s. */
record Connection(StreamSocket socket, Socket peer) {
    /** Accepted by the domain. */
    static Connection accepted(TestDomain test, Recorder events) throws Exception {
        List<StreamSocket> sockets = new CopyOnWriteArrayList<>();
        StreamListener listener = test.listen((socket, io) -> {
            assertThat(socket.attach(events, 0, io)).isZero();
            sockets.add(socket);
        });
        assertThat(listener.accept(test.io)).isZero();
        Socket peer = new Socket();
        peer.setReceiveBufferSize(1 << 14); // so that a send soon pends
        peer.setSoTimeout(20_000);
        peer.connect(listener.localAddress());
        test.until("accepted", () -> sockets.size() == 1);
        listener.close(test.io);
        return new Connection(sockets.getFirst(), peer);
    }
}
