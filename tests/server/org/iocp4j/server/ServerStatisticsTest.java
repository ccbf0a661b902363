package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;

class ServerStatisticsTest {
    /** Most figures are of type long, so the compiler does not see two of them change places. */
    @Test
    void eachCounterIsReportedUnderItsOwnName() throws Exception {
        SessionEngine engine = new NullServer().engine();
        Map<String, Long> counted = new HashMap<>();
        long next = 1000;
        for (Field field : ServerStatistics.Counters.class.getDeclaredFields()) {
            if (field.getType() == LongAdder.class) {
                ((LongAdder) field.get(engine.counters)).add(next);
                counted.put(field.getName(), next++);
            } else if (field.getType() == AtomicLong.class) {
                ((AtomicLong) field.get(engine.counters)).set(next);
                counted.put(field.getName(), next++);
            }
        }
        Map<String, Object> reported = new HashMap<>();
        ServerStatistics figures = engine.statistics(0);
        for (Record part : new Record[] {figures.incidents(), figures.faults(), figures.connects()}) {
            for (RecordComponent component : part.getClass().getRecordComponents()) {
                reported.put(component.getName(), component.getAccessor().invoke(part));
            }
        }
        assertThat(reported).containsAllEntriesOf(counted);
    }

    @Test
    void anEchoIsCountedWhereItBelongs() throws Win32Exception {
        NullServer server = new NullServer();
        long socket = server.connect();
        server.echo(socket, 64);
        server.echo(socket, 36);
        ServerStatistics now = server.statistics();
        assertThat(now.connections()).isEqualTo(new ServerStatistics.Connections(1, 1, 1, 1, 0, 8));
        assertThat(now.traffic()).isEqualTo(new ServerStatistics.Traffic(2, 100, 2, 100));
        server.leave(socket);
        server.connect();
        assertThat(server.statistics().sockets()).as("16 made; 8 accepts posted, 1 connected, 7 free")
                .isEqualTo(new ServerStatistics.Sockets(16, 0, 0, 0, 7, 9, 0));
        assertThat(server.statistics().resources().operationsPending()).as("8 accepts and a receive").isEqualTo(9);
    }
}
