/** An echo server that misbehaves on demand, as an extension of JUnit Jupiter. */
module org.iocp4j.junit {
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires transitive org.iocp4j.echo;
    requires transitive org.junit.jupiter.api;

    exports org.iocp4j.junit;
}
