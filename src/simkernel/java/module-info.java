/** A Windows kernel in memory, driven by a seed. */
module org.iocp4j.simkernel {
    requires transitive org.iocp4j.core;
    requires java.management;
    requires static org.jspecify; // its annotations are for compilers; users do not need it

    exports org.iocp4j.simkernel;
}
