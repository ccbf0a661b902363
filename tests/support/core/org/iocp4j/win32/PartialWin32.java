package org.iocp4j.win32;

/** A kernel that a test makes for a server: what needs no answer, and what no server asks for. */
public abstract class PartialWin32 implements Win32 {

    // ---- what needs no answer ----

    @Override
    public int bind(long socket, long address, int length) {
        return 0;
    }

    @Override
    public int listen(long socket, int backlog) {
        return 0;
    }

    @Override
    public int setsockopt(long socket, int level, int option, long value, int length) {
        return 0;
    }

    @Override
    public int shutdown(long socket, int how) {
        return 0;
    }

    @Override
    public String formatMessage(int code) {
        return "";
    }

    @Override
    public String wineVersion() {
        return "";
    }

    @Override
    public void close() {
        // Nothing of a thread's own.
    }

    // ---- what no server asks for ----

    @Override
    public long duplicateHandle(long handle) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int getProcessMemoryInfo(long counters, int bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int getExtendedTcpTable(long table, long sizeAddress, int family) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int ntSetInformationFile(long handle, long ioStatusBlock, long information, int length,
            int informationClass) {
        throw new UnsupportedOperationException();
    }
}
