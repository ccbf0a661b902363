package org.iocp4j.netty;

import io.netty.channel.ChannelOption;

/** Options that Netty's own list does not have. */
public final class IocpChannelOption<T> extends ChannelOption<T> {
    /**
     * Of an {@link IocpServerSocketChannel}: how many accepts it keeps pending while auto-read is on, each with a
     * socket that waits for its client. 1 to {@value #MOST_ACCEPTS}; default: {@value #DEFAULT_ACCEPTS}.
     */
    public static final ChannelOption<Integer> ACCEPTS = valueOf(IocpChannelOption.class, "ACCEPTS");
    /** Seconds without traffic until the first keep-alive probe. On Windows 10 1709 and newer [doc]. */
    public static final ChannelOption<Integer> TCP_KEEPIDLE = valueOf(IocpChannelOption.class, "TCP_KEEPIDLE");
    /** Seconds between two keep-alive probes. On Windows 10 1709 and newer [doc]. */
    public static final ChannelOption<Integer> TCP_KEEPINTVL = valueOf(IocpChannelOption.class, "TCP_KEEPINTVL");
    /** How many keep-alive probes go unanswered before the connection is given up. Windows 10 1703 and newer [doc]. */
    public static final ChannelOption<Integer> TCP_KEEPCNT = valueOf(IocpChannelOption.class, "TCP_KEEPCNT");

    static final int DEFAULT_ACCEPTS = 64;
    static final int MOST_ACCEPTS = 4096;

    @SuppressWarnings("deprecation") // Netty has no other way to make one
    private IocpChannelOption() {
        super(null);
    }
}
