package org.iocp4j.bench;

/** A peer that could not bear a load. @param reason what has failed */
public record LeftOut(Load load, ServerSpec server, String reason) {
}
