package org.iocp4j.netty;

import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import org.iocp4j.port.Log;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/** What both kinds of channels share: the loop that they are on, and their addresses. */
abstract class AbstractIocpChannel extends AbstractChannel {
    private static final Log LOG = Log.of(AbstractIocpChannel.class);

    /** The loop's whose port the socket is on, for as long as it is open; null until it is registered. */
    private volatile @Nullable IocpIoHandler handler;
    private @Nullable IoRegistration registration;
    private boolean isGone;
    volatile @Nullable InetSocketAddress local;
    volatile @Nullable InetSocketAddress remote;

    AbstractIocpChannel(@Nullable Channel parent) {
        super(parent);
    }

    /** On a registered channel. */
    final IocpIoHandler loop() {
        IocpIoHandler present = handler;
        if (present == null) {
            throw new IllegalStateException("not registered: " + this);
        }
        return present;
    }

    /** What is refused here stays as it is; later it would be closed, on the thread of a loop that it is not on. */
    @Override
    protected boolean isCompatible(EventLoop loop) {
        IocpIoHandler present = handler;
        if (present != null && !present.executor().equals(loop)) {
            LOG.warn("a socket stays on the completion port of its first event loop: it can be registered with that one"
                    + " again, but not with another: {}", this);
            return false;
        }
        return loop instanceof IoEventLoop io && io.isCompatible(IocpIoHandle.class);
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        boolean again = handler != null;
        AbstractIocpUnsafe ours = (AbstractIocpUnsafe) unsafe();
        ((IoEventLoop) eventLoop()).register(ours).addListener(done -> {
            if (done.isSuccess()) {
                registration = (IoRegistration) done.getNow();
                if (isGone) {
                    cancelRegistration();
                }
                promise.setSuccess();
                if (again) {
                    eventLoop().execute(ours::comeBack); // behind what the promise's listeners put off
                }
            } else {
                promise.setFailure(done.cause());
            }
        });
    }

    /** A closed channel stays registered until its socket is gone. */
    @Override
    protected void doDeregister() {
        if (isOpen()) {
            autoReadCleared();
            cancelRegistration();
        }
    }

    /** Auto-read was switched off, or the channel is deregistered. Any thread. */
    final void autoReadCleared() {
        if (handler != null) { // also while it is deregistered
            onLoop(this::pause);
        }
    }

    /** No read is wanted any more: what comes from now on is held. */
    abstract void pause();

    /** On the loop's thread: now, if this is it. */
    final void onLoop(Runnable step) {
        EventLoop loop = eventLoop();
        if (loop.inEventLoop()) {
            step.run();
        } else {
            loop.execute(step);
        }
    }

    /** Nothing is pending on the closed socket any more. */
    final void socketGone() {
        isGone = true;
        cancelRegistration();
    }

    private void cancelRegistration() {
        IoRegistration present = registration;
        if (present != null) {
            registration = null;
            present.cancel();
        }
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return local;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    protected void doDisconnect() throws Exception {
        doClose();
    }

    /** An address that Windows can be given. */
    static InetSocketAddress usable(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            throw new UnsupportedAddressTypeException();
        }
        if (inet.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        return inet;
    }

    /** The channel's side of its registration. */
    abstract class AbstractIocpUnsafe extends AbstractUnsafe implements IocpIoHandle {
        @Override
        public void bringTo(IocpIoHandler newHandler) throws Win32Exception {
            IocpIoHandler present = handler;
            if (present != null && !present.equals(newHandler)) {
                throw new IllegalStateException("registered with two event loops at once: " + AbstractIocpChannel.this);
            }
            if (present == null) {
                handler = newHandler;
                open(newHandler);
            }
        }

        /** The channel has its loop: makes its socket, or takes it over. */
        abstract void open(IocpIoHandler newHandler) throws Win32Exception;

        /** The channel is registered again: what was asked for meanwhile, and has come, is told. */
        abstract void comeBack();

        @Override
        public void portLost(IOException failure) {
            if (isOpen()) {
                pipeline().fireExceptionCaught(failure);
                close();
            }
        }

        @Override
        public void handle(IoRegistration from, IoEvent event) {
            throw new UnsupportedOperationException("an event from elsewhere: " + event);
        }

        @Override
        public void close() {
            close(voidPromise());
        }
    }
}
