package org.iocp4j.study;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;

/** A client in the simulated network, which reads only what it is asked to; to wait is to let virtual time pass. */
final class SimulatedPeer implements Peer {
    private static final SimulatedClient.Script NOTHING = new SimulatedClient.Script() { };

    private final SimulatedKernel kernel;
    private final SimulatedClient client;
    private int taken;

    SimulatedPeer(SimulatedKernel kernel) {
        this.kernel = kernel;
        this.client = kernel.client(NOTHING);
        client.stopReading();
    }

    @Override
    public void connect(InetSocketAddress address) throws IOException, TimeoutException {
        client.connect(address);
        until("the peer's connect", () -> client.isConnected() || client.isRefused());
        if (client.isRefused()) {
            throw new ConnectException("connection refused, " + address);
        }
    }

    @Override
    public void send(byte... bytes) {
        client.send(bytes);
    }

    @Override
    public byte[] receive(int count) throws IOException, TimeoutException {
        client.startReading();
        until("the peer's receive", () -> available() >= count || client.hasEnded() || client.isReset());
        client.stopReading();
        if (available() < count) {
            throw new EOFException("the peer read the end after " + available() + " of " + count + " bytes");
        }
        taken += count;
        return Arrays.copyOfRange(client.received(), taken - count, taken);
    }

    private int available() {
        return client.received().length - taken;
    }

    @Override
    public InetSocketAddress localAddress() {
        return client.localAddress();
    }

    @Override
    public End awaitEnd(int millis) {
        client.startReading();
        kernel.until(() -> client.hasEnded() || client.isReset(), Duration.ofMillis(millis));
        End end = client.isReset() ? End.RST : client.hasEnded() ? End.FIN : End.NOTHING;
        client.stopReading();
        return end;
    }

    @Override
    public void finishSending() {
        client.finish();
    }

    @Override
    public void closeByFin() {
        client.close();
    }

    @Override
    public void closeByReset() {
        client.reset();
    }

    private void until(String what, BooleanSupplier condition) throws TimeoutException {
        if (!kernel.until(condition, Duration.ofMillis(Lab.BOUND_MILLIS))) {
            throw new TimeoutException(what + ": nothing within " + Lab.BOUND_MILLIS + " ms of virtual time");
        }
    }
}
