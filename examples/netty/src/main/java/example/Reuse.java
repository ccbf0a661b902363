package example;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import org.iocp4j.netty.IocpEventLoopGroup;
import org.iocp4j.netty.IocpServerSocketChannel;

/** The same server with sockets that are used again. */
public final class Reuse {
    private Reuse() {
    }

    /** Serves until it is ended. */
    public static void main(String[] arguments) throws InterruptedException {
        EventLoopGroup group = new IocpEventLoopGroup(4);
        var bootstrap = new ServerBootstrap().group(group).channel(IocpServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new EchoServerHandler());
                    }
                });
        System.out.println("listening on " + bootstrap.bind("127.0.0.1", 0).sync().channel().localAddress());
    }
}
