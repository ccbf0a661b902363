package org.iocp4j.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/** What drives the servers. */
public enum ClientKind {
    /** Channels and a selector, in this process; for all loads, on any system. */
    JAVA {
        @Override
        public boolean drives(Load load) {
            return true;
        }

        @Override
        Factory factory(Machine machine) {
            return BenchClient::new;
        }
    },
    /**
     * {@code tests/bench/client.c} on epoll, for Linux alone. It answers an echo sooner than a server can serve the
     * next connection, and so shows which ones a server lets wait. The client in Java answers in batches.
     */
    EPOLL {
        @Override
        public boolean drives(Load load) {
            return load.service() == Service.ECHO && load.kind() == Load.Kind.EXCHANGE && !load.holds();
        }

        @Override
        Factory factory(Machine machine) throws IOException {
            Path program = machine.epollClient();
            return (load, server, stopped) -> new EpollClient(program, load, server, stopped);
        }
    },
    /** wrk, for HTTP. */
    WRK {
        @Override
        public boolean drives(Load load) {
            return load.service() == Service.HTTP && load.kind() == Load.Kind.EXCHANGE;
        }

        @Override
        Factory factory(Machine machine) throws IOException {
            ToolClient.require("wrk", "wrk");
            return WrkClient::new;
        }
    },
    /** ApacheBench, for HTTP with a connection for each request. */
    AB {
        @Override
        public boolean drives(Load load) {
            return load.service() == Service.HTTP && load.kind() == Load.Kind.CHURN;
        }

        @Override
        Factory factory(Machine machine) throws IOException {
            ToolClient.require("ab", "apache2-utils");
            return AbClient::new;
        }
    },
    /** redis-benchmark. */
    REDIS_BENCHMARK {
        @Override
        public boolean drives(Load load) {
            return load.service() == Service.REDIS;
        }

        @Override
        Factory factory(Machine machine) throws IOException {
            ToolClient.require("redis-benchmark", "redis-tools");
            return RedisBenchmarkClient::new;
        }
    };

    /** Makes a client for one turn. */
    interface Factory {
        /** @param stopped polled often; once true, whatever is under way ends with an exception */
        Client make(Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException;
    }

    /** Whether it can do what the load asks for. */
    public abstract boolean drives(Load load);

    /** @throws IOException if there is none on this machine */
    abstract Factory factory(Machine machine) throws IOException;

    /** The name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
