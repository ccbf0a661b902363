package example;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import org.iocp4j.netty.Iocp;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;

/** The choice of a program that runs on other systems than Windows, too. */
public final class Anywhere {
    private Anywhere() {
    }

    /** Prints what it chooses. */
    public static void main(String[] arguments) {
        IoHandlerFactory factory = Iocp.isAvailable() ? IocpIoHandler.newFactory() : NioIoHandler.newFactory();
        Class<? extends ServerChannel> channel =
                Iocp.isAvailable() ? IocpServerSocketChannel.class : NioServerSocketChannel.class;
        System.out.println(channel.getSimpleName() + ", by " + factory.getClass().getName() + "; why not ours: "
                + Iocp.unavailabilityCause());
    }
}
