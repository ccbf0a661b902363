/** The echo server and its protocols. */
module org.iocp4j.echo {
    requires transitive org.iocp4j;
    requires org.slf4j;

    exports org.iocp4j.echo;
}
