package example.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** The commands that there are, with Redis' replies and error texts. */
final class Commands {
    /** What INFO calls it: clients go by it. This is the first whose texts these are. */
    private static final String VERSION = "7.0.0";

    private final Store store;
    private final Map<String, String> parameters;
    private final LongAdder processed = new LongAdder();
    private final AtomicInteger clients = new AtomicInteger();

    Commands(Store store) {
        this.store = store;
        parameters = Map.of("save", "", "appendonly", "no", "maxmemory", Long.toString(store.maxBytes()));
    }

    void clientCame() {
        clients.incrementAndGet();
    }

    void clientLeft() {
        clients.decrementAndGet();
    }

    /** @param arguments the first of which is the name, in any letters */
    void run(List<byte[]> arguments, Reply reply) {
        processed.increment();
        try {
            String name = clipped(arguments.getFirst()).toUpperCase(Locale.ROOT);
            switch (name) {
                case "GET" -> {
                    require(arguments.size() == 2, arguments);
                    reply.bulk(store.get(text(arguments, 1)));
                }
                case "SET" -> set(arguments, reply);
                case "INCR" -> {
                    require(arguments.size() == 2, arguments);
                    reply.integer(store.increment(text(arguments, 1)));
                }
                case "DEL" -> {
                    require(arguments.size() >= 2, arguments);
                    reply.integer(arguments.stream().skip(1).filter(key -> store.delete(text(key))).count());
                }
                case "PING" -> ping(arguments, reply);
                case "INFO" -> reply.bulk(info().getBytes(US_ASCII));
                case "CONFIG" -> config(arguments, reply);
                default -> throw unknown(arguments);
            }
        } catch (CommandException e) {
            reply.error(e.getMessage());
        }
    }

    private void set(List<byte[]> arguments, Reply reply) {
        require(arguments.size() >= 3, arguments);
        if (arguments.size() > 3) { // EX, NX and so on
            throw new CommandException("ERR syntax error");
        }
        store.set(text(arguments, 1), arguments.get(2));
        reply.simple("OK");
    }

    private static void ping(List<byte[]> arguments, Reply reply) {
        require(arguments.size() <= 2, arguments);
        if (arguments.size() == 1) {
            reply.simple("PONG");
        } else {
            reply.bulk(arguments.get(1));
        }
    }

    private String info() {
        return "# Server\r\nredis_version:" + VERSION + "\r\nredis_mode:standalone\r\n"
                + "# Clients\r\nconnected_clients:" + clients + "\r\n"
                + "# Memory\r\nused_memory:" + store.usedBytes() + "\r\nmaxmemory:" + store.maxBytes() + "\r\n"
                + "# Stats\r\ntotal_commands_processed:" + processed + "\r\n"
                + "# Keyspace\r\n" + (store.size() == 0 ? "" : "db0:keys=" + store.size() + ",expires=0\r\n");
    }

    private void config(List<byte[]> arguments, Reply reply) {
        require(arguments.size() >= 2, arguments);
        if (!clipped(arguments.get(1)).equalsIgnoreCase("GET")) {
            throw new CommandException(
                    "ERR unknown subcommand '" + clipped(arguments.get(1)) + "'. Try CONFIG HELP.");
        }
        if (arguments.size() != 3) {
            throw new CommandException("ERR wrong number of arguments for 'config|get' command");
        }
        String name = clipped(arguments.get(2)).toLowerCase(Locale.ROOT);
        String value = parameters.get(name);
        if (value == null) {
            reply.array();
        } else {
            reply.array(name, value);
        }
    }

    private static void require(boolean isSo, List<byte[]> arguments) {
        if (!isSo) {
            throw new CommandException("ERR wrong number of arguments for '"
                    + text(arguments, 0).toLowerCase(Locale.ROOT) + "' command");
        }
    }

    private static CommandException unknown(List<byte[]> arguments) {
        String rest = arguments.stream().skip(1).limit(5).map(each -> "'" + clipped(each) + "' ")
                .collect(Collectors.joining());
        return new CommandException("ERR unknown command '" + clipped(arguments.getFirst())
                + "', with args beginning with: " + rest);
    }

    /** Its first letters, without a copy of all. */
    private static String clipped(byte[] argument) {
        return new String(argument, 0, Math.min(argument.length, 128), ISO_8859_1);
    }

    private static String text(List<byte[]> arguments, int i) {
        return text(arguments.get(i));
    }

    /** A letter for each byte, so that two keys are the same text only if they are the same bytes. */
    private static String text(byte[] argument) {
        return new String(argument, ISO_8859_1);
    }
}
