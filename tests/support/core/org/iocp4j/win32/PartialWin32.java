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

    @Override
    public long createFile(String path, int access, int share, int disposition, int flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long getFileSizeEx(long file) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int readFile(long file, long buffer, int bytes, long overlapped) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int writeFile(long file, long buffer, int bytes, long overlapped) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int getpeername(long socket, long address, long length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int ioctlsocket(long socket, int command, long argument) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int recv(long socket, long buffer, int bytes, int flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int connectEx(long socket, long address, int length, long sendBuffer, int sendBytes, long sent,
                         long overlapped) {
        throw new UnsupportedOperationException();
    }
}
