package org.iocp4j.tls;

/**
 * What has happened in the sessions of a {@link TlsHandler}. What ended a session is counted once.
 *
 * @param handshakes         that were completed
 * @param handshakesFailed   {@link TlsFailure#HANDSHAKE_FAILED}
 * @param handshakeTimeouts  {@link TlsFailure#HANDSHAKE_TIMED_OUT}
 * @param closedInHandshake  {@link TlsFailure#CLOSED_IN_HANDSHAKE}
 * @param truncations        {@link TlsFailure#TRUNCATED}
 * @param broken             {@link TlsFailure#BROKEN}
 * @param renegotiations     {@link TlsFailure#RENEGOTIATION}
 * @param floodsWithoutData  {@link TlsFailure#WITHOUT_DATA}
 * @param messagesTooLong    sessions that ended with {@link org.iocp4j.server.CloseReason#FRAME_TOO_LONG}, by
 *                           {@link TlsHandler.Builder#messageBytes}
 * @param closeTimeouts      sessions whose peers did not read what was still to be encrypted when they ended: cut off
 *                           after 5 s without progress, or 1 min in all
 * @param actionsRefused     actions that found {@link TlsHandler#MOST_EARLY_ACTIONS} waiting for their handshake
 * @param sendsRefused       sends that found the session's send queue full, in bytes or in files
 */
public record TlsStatistics(long handshakes, long handshakesFailed, long handshakeTimeouts, long closedInHandshake,
        long truncations, long broken, long renegotiations, long floodsWithoutData, long messagesTooLong,
        long closeTimeouts, long actionsRefused, long sendsRefused) {
}
