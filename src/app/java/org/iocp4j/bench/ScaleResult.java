package org.iocp4j.bench;

/**
 * A figure with so many sessions.
 *
 * @param value in its {@linkplain ScaleFigure#unit unit}, round by round
 * @param base  how many sessions it is relative to
 * @param ratio to the figure with these in the same round
 */
public record ScaleResult(ScaleFigure figure, int sessions, Spread value, int base, Spread ratio) {
}
