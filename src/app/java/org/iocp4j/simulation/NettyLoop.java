package org.iocp4j.simulation;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;

/** Stands between the loop and the transport, and counts. */
final class NettyLoop implements IoHandler {
    private final IoHandler transport;
    private int registered;
    private boolean dequeues;
    /** Threads in {@link #wakeup}. */
    private int waking;

    NettyLoop(IoHandlerFactory factory, ThreadAwareExecutor executor) {
        transport = factory.newHandler(executor);
    }

    /** Registrations that were made and not cancelled. */
    int registered() {
        return registered;
    }

    /** Whether the loop's thread, if it waits, waits for packets. */
    boolean dequeues() {
        return dequeues;
    }

    /** Whether a thread is about to wake it. */
    boolean isBeingWoken() {
        return waking > 0;
    }

    @Override
    public void initialize() {
        transport.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        dequeues = true;
        try {
            return transport.run(context);
        } finally {
            dequeues = false;
        }
    }

    @Override
    public void prepareToDestroy() {
        transport.prepareToDestroy();
    }

    @Override
    public void destroy() {
        transport.destroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        IoRegistration made = transport.register(handle);
        registered++;
        return new Counted(made);
    }

    @Override
    public void wakeup() {
        waking++;
        try {
            transport.wakeup();
        } finally {
            waking--;
        }
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return transport.isCompatible(handleType);
    }

    private final class Counted implements IoRegistration {
        private final IoRegistration made;

        Counted(IoRegistration made) {
            this.made = made;
        }

        @Override
        public <T> T attachment() {
            return made.attachment();
        }

        @Override
        public long submit(IoOps ops) {
            return made.submit(ops);
        }

        @Override
        public boolean isValid() {
            return made.isValid();
        }

        @Override
        public boolean cancel() {
            boolean cancelled = made.cancel();
            if (cancelled) {
                registered--;
            }
            return cancelled;
        }
    }
}
