package example;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.OverlappedFile;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;

/** Prints a file that it reads through a completion port, piece by piece. */
public final class PrintFile implements OverlappedFile.Events {
    private final MemorySegment piece;
    private long position;

    private PrintFile(MemorySegment piece) {
        this.piece = piece;
    }

    private void read(OverlappedFile file, IoThread io) {
        int outcome = file.read(position, piece.address(), (int) piece.byteSize(), io);
        if (outcome < 0) {
            file.close(io); // -38: at the end
        }
    }

    @Override
    public void transferred(OverlappedFile file, int status, int bytes, IoThread io) {
        if (status < 0) {
            file.close(io); // C0000011: at the end, too
            return;
        }
        System.out.writeBytes(piece.asSlice(0, bytes).toArray(JAVA_BYTE));
        position += bytes;
        read(file, io);
    }

    public static void main(String[] args) throws IOException {
        try (Win32 win32 = WindowsWin32.attach(); Arena arena = Arena.ofConfined()) {
            var io = new IoThread(win32);
            var domain = new IoDomain(DomainOptions.loop(), io);
            var print = new PrintFile(arena.allocate(4096));
            var file = domain.openFile(args[0], OverlappedFile.Access.READ, print, io);
            print.read(file, io);
            while (!file.isGone()) {
                domain.dequeue(io, -1);
            }
            domain.end(io, Duration.ofSeconds(10));
        }
    }
}
