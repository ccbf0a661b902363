/** The echo server and its protocols. */
module org.iocp4j.echo {
    requires jdk.jfr;
    requires transitive org.iocp4j;
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires org.slf4j;

    exports org.iocp4j.echo;
}
