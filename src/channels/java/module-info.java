/** java.nio's asynchronous channels on Windows I/O completion ports. */
module org.iocp4j.channels {
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires org.iocp4j.core;

    exports org.iocp4j.channels;
}
