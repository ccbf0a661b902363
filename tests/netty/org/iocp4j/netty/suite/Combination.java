package org.iocp4j.netty.suite;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.testsuite.transport.TestsuitePermutation.BootstrapFactory;
import io.netty.testsuite.transport.socket.SocketTestPermutation;
import java.util.List;

/** The one combination of transports that this JVM tests. */
final class Combination extends SocketTestPermutation {
    @Override
    public List<BootstrapFactory<ServerBootstrap>> serverSocket() {
        return List.of(() -> new ServerBootstrap()
                .group(Transport.SERVER.loops(NUM_THREADS)).channel(Transport.SERVER.serverChannel));
    }

    @Override
    public List<BootstrapFactory<Bootstrap>> clientSocket() {
        return List.of(() -> new Bootstrap()
                .group(Transport.CLIENT.loops(NUM_THREADS)).channel(Transport.CLIENT.channel));
    }
}
