package org.iocp4j.socket;

import org.iocp4j.port.Notice;

/** Whether an operation that is over when its call returns sends no packet: FILE_SKIP_COMPLETION_PORT_ON_SUCCESS. */
public enum PacketSkipping {
    /** Every operation sends its packet. */
    OFF,
    ON,
    /** On, and the end of a DisconnectEx is read from its OVERLAPPED ({@link Notice#STATUS}). */
    ON_DISCONNECT_BY_STATUS
}
