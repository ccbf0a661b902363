package org.iocp4j.netty;

import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;

/** A channel's registration with a loop. It is cancelled when the channel's socket is gone, or by a deregister. */
final class IocpRegistration implements IoRegistration {
    private static final int CANCELLED = -1;

    private final IocpIoHandler handler;
    private final IocpIoHandle handle;
    /** Where the handler has it, until it is cancelled. */
    private volatile int index;

    IocpRegistration(IocpIoHandler handler, IocpIoHandle handle, int index) {
        this.handler = handler;
        this.handle = handle;
        this.index = index;
    }

    void index(int newIndex) {
        index = newIndex;
    }

    IocpIoHandle handle() {
        return handle;
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the interface leaves the type to its caller
    public <T> T attachment() {
        return (T) handler;
    }

    /** There is nothing to submit: our channels post by themselves, and no other handle is compatible. */
    @Override
    public long submit(IoOps ops) {
        throw new UnsupportedOperationException("nothing can be submitted to completion ports: " + ops);
    }

    @Override
    public boolean isValid() {
        return index != CANCELLED;
    }

    /** On the loop's thread. */
    @Override
    public boolean cancel() {
        int at = index;
        if (at == CANCELLED) {
            return false;
        }
        index = CANCELLED;
        handler.forget(this, at);
        return true;
    }
}
