package org.iocp4j.bench;

/** A peer that failed under a load. @param reason what went wrong */
public record LeftOut(Load load, ServerSpec server, String reason) {
}
