package org.iocp4j.channels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What system properties change. They are read when a provider is made. */
@NeedsCompletionPorts
class SettingsTest {
    private static final Duration LIMIT = Duration.ofSeconds(Outcome.LIMIT_SECONDS);
    /** More than a clean one needs to be used again. */
    private static final int LIVES = 5;

    private interface Action<T> {
        T run() throws Exception;
    }

    private static <T> T with(String property, String value, Action<T> action) throws Exception {
        String before = System.setProperty(property, value);
        try {
            return action.run();
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }

    /** Something that happens to an accepted channel. */
    private interface Life {
        void live(AsynchronousSocketChannel channel, Socket peer) throws Exception;
    }

    private static void serve(AsynchronousServerSocketChannel listener, Life life) throws Exception {
        Future<AsynchronousSocketChannel> accept = listener.accept();
        try (Socket peer = Link.connect(listener); AsynchronousSocketChannel channel = Outcome.get(accept)) {
            peer.getOutputStream().write(1);
            assertThat(Outcome.get(channel.read(ByteBuffer.allocate(9)))).isEqualTo(1);
            Outcome.get(channel.write(ByteBuffer.allocate(1)));
            assertThat(peer.getInputStream().read()).isZero();
            life.live(channel, peer);
        }
    }

    /** With as few accepts as connections, each comes to a new socket unless one is used again. */
    @Test
    void cleanAcceptedSocketsAreUsedAgainIfThatIsAskedFor() throws Exception {
        IocpAsynchronousChannelProvider provider = with("iocp4j.reuse", "true", () ->
                with("iocp4j.accepts", "1", IocpAsynchronousChannelProvider::new));
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null)) {
            int[] served = new int[1];
            await().atMost(LIMIT).until(() -> {
                serve(listener, (_, _) -> { });
                served[0]++;
                return provider.statistics().reused() > 2;
            });
            assertThat(provider.statistics().accepts()).isEqualTo(served[0]);
        }
    }

    private enum Unclean implements Life {
        OPTION {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) throws Exception {
                channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            }
        },
        INPUT_SHUT {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) throws Exception {
                channel.shutdownInput();
            }
        },
        OUTPUT_SHUT {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) throws Exception {
                channel.shutdownOutput();
            }
        },
        READ_PENDING {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) {
                var _ = channel.read(ByteBuffer.allocate(1));
            }
        },
        READ_CANCELLED {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) {
                assertThat(channel.read(ByteBuffer.allocate(1)).cancel(false)).isTrue();
            }
        },
        BYTES_UNREAD {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) throws Exception {
                peer.getOutputStream().write(new byte[2]); // which loopback does not cut
                assertThat(Outcome.get(channel.read(ByteBuffer.allocate(1)))).isEqualTo(1);
            }
        },
        /** A read that waits without a buffer takes no more from the kernel than it has room for. */
        BYTES_UNREAD_IN_THE_KERNEL {
            @Override
            public void live(AsynchronousSocketChannel channel, Socket peer) throws Exception {
                var provider = (IocpAsynchronousChannelProvider) channel.provider();
                long before = provider.statistics().watches();
                Future<Integer> read = channel.read(ByteBuffer.allocate(1));
                await().atMost(LIMIT).until(() -> provider.statistics().watches() > before);
                peer.getOutputStream().write(new byte[2]);
                assertThat(Outcome.get(read)).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUncleanSocketIsNotUsedAgain(Unclean unclean) throws Exception {
        IocpAsynchronousChannelProvider provider = with("iocp4j.reuse", "true", () ->
                with("iocp4j.accepts", "1", IocpAsynchronousChannelProvider::new));
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null)) {
            for (int i = 0; i < LIVES; i++) {
                serve(listener, unclean);
            }
            assertThat(provider.statistics().reused()).isZero();
        }
    }

    @Test
    void moreConnectionsThanAcceptsAreAllHandedOut() throws Exception {
        IocpAsynchronousChannelProvider provider = with("iocp4j.accepts", "2", IocpAsynchronousChannelProvider::new);
        try (AsynchronousServerSocketChannel listener = Link.listen(provider, null)) {
            Socket[] peers = new Socket[20];
            Future<AsynchronousSocketChannel> first = listener.accept();
            for (int i = 0; i < peers.length; i++) {
                peers[i] = Link.connect(listener);
            }
            for (int i = 0; i < peers.length; i++) {
                try (AsynchronousSocketChannel channel = Outcome.get(i == 0 ? first : listener.accept())) {
                    Outcome.get(channel.write(ByteBuffer.allocate(1)));
                }
            }
            for (Socket peer : peers) {
                assertThat(peer.getInputStream().read()).isZero();
                peer.close();
            }
        }
    }

    /** Its threads come from it, and none before the first channel. */
    @Test
    void theDefaultGroupsThreadsAreOfTheFactory() throws Exception {
        with("java.nio.channels.DefaultThreadPool.threadFactory", Factory.class.getName(), () -> {
            AsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider();
            assertThat(Factory.THREADS).isEmpty();
            try (Link link = Link.connected(provider, null)) {
                Outcome<Integer> write = new Outcome<>();
                link.channel().write(ByteBuffer.allocate(1), null, write);
                write.get();
                assertThat(Factory.THREADS).contains(write.thread);
            }
            return null;
        });
    }

    /** Made by its name. */
    public static final class Factory implements ThreadFactory {
        static final Set<Thread> THREADS = ConcurrentHashMap.newKeySet();

        @Override
        public Thread newThread(Runnable task) {
            Thread thread = Thread.ofPlatform().daemon().unstarted(task);
            THREADS.add(thread);
            return thread;
        }
    }

    /** It would switch every program that has the jar. */
    @Test
    void noServiceFileNamesTheProvider() {
        assertThat(ServiceLoader.load(AsynchronousChannelProvider.class).stream().map(ServiceLoader.Provider::type))
                .isEmpty();
    }

    @Test
    void aBadValueIsAnError() throws Exception {
        assertThatThrownBy(() -> with("iocp4j.accepts", "many", IocpAsynchronousChannelProvider::new))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("iocp4j.accepts is many");
        AsynchronousChannelProvider provider = new IocpAsynchronousChannelProvider();
        String pool = "java.nio.channels.DefaultThreadPool.";
        assertThatThrownBy(() -> with(pool + "initialSize", "x", () -> provider.openAsynchronousSocketChannel(null)))
                .isInstanceOf(Error.class);
        for (String factory : new String[] {"no.such.Factory", "java.lang.Object"}) {
            assertThatThrownBy(() -> with(pool + "threadFactory", factory, () ->
                    provider.openAsynchronousSocketChannel(null))).isInstanceOf(Error.class);
        }
        with(pool + "initialSize", "1", () -> provider.openAsynchronousSocketChannel(null)).close();
    }
}
