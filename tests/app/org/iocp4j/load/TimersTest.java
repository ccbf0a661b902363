package org.iocp4j.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TimersTest {
    @Test
    void connectionsComeUpInOrderThoughDeadlinesMove() {
        int count = 500;
        Random random = new Random(1);
        Timers timers = new Timers();
        List<Connection> connections = connections(count);
        for (int i = 0; i < 10 * count; i++) {
            Connection connection = connections.get(random.nextInt(count));
            connection.deadline = random.nextInt(10) == 0 ? Timers.NONE : random.nextInt(1_000);
            timers.arm(connection);
        }
        long waiting = connections.stream().filter(c -> c.deadline != Timers.NONE).count();
        int seen = 0;
        for (long now = 0; now <= 1_000; now++) {
            for (Connection c = timers.expired(now); c != null; c = timers.expired(now)) {
                assertThat(c.deadline).isEqualTo(Timers.NONE);
                seen++;
            }
            long time = now;
            assertThat(connections).noneMatch(c -> c.deadline <= time);
        }
        assertThat(seen).isEqualTo((int) waiting);
        assertThat(timers.next()).isEqualTo(Timers.NONE);
    }

    private static List<Connection> connections(int count) {
        LoadOptions options = LoadOptions.to("127.0.0.1", 1).build();
        LoadThread thread = new LoadThread(new LoadClient(options), options,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), 0, 1);
        List<Connection> connections = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            connections.add(new Connection(thread, i));
        }
        return connections;
    }
}
