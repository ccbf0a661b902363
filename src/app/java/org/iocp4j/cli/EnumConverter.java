package org.iocp4j.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.iocp4j.bench.ClientKind;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.load.Engine;
import org.iocp4j.load.Protocol;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.simulation.Plan;
import org.iocp4j.simulation.Simulation;
import org.iocp4j.socket.DisconnectMethod;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Enum constants as the commands take and print them: {@code slot-key}. Upper case is taken too. */
final class EnumConverter<E extends Enum<E>> implements ITypeConverter<E> {
    private final Class<E> type;

    private EnumConverter(Class<E> type) {
        this.type = type;
    }

    /** For every enum that an option of the command or of its subcommands has. */
    static void registerAll(CommandLine command) {
        register(command, EchoProtocol.class);
        register(command, SessionIdentity.class);
        register(command, DisconnectMethod.class);
        register(command, ServeOptions.Profile.class);
        register(command, Protocol.class);
        register(command, Engine.class);
        register(command, ClientKind.class);
        register(command, Plan.class);
        register(command, Simulation.Program.class);
    }

    private static <E extends Enum<E>> void register(CommandLine command, Class<E> type) {
        command.registerConverter(type, new EnumConverter<>(type));
    }

    @Override
    public E convert(String text) {
        return Arrays.stream(type.getEnumConstants()).filter(constant -> name(constant).equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of " + names(type)));
    }

    static String name(Enum<?> constant) {
        // DisconnectEx and TransmitFile are Windows' names, each one word.
        String separator = constant instanceof DisconnectMethod ? "" : "-";
        return constant.name().toLowerCase(Locale.ROOT).replace("_", separator);
    }

    /** The names of all constants, in their order. @param type an enum */
    static List<String> names(Class<?> type) {
        return Arrays.stream(type.getEnumConstants()).map(constant -> name((Enum<?>) constant)).toList();
    }
}
