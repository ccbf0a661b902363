package example;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;

/** An ordinary Netty server, on completion ports. Its argument is the port; 0, the default, is a free one. */
public final class EchoServer {
    private EchoServer() {
    }

    /** Serves until it is ended. */
    public static void main(String[] arguments) throws InterruptedException {
        int port = arguments.length == 0 ? 0 : Integer.parseInt(arguments[0]);
        var boss = new MultiThreadIoEventLoopGroup(1, IocpIoHandler.newFactory());      // NioIoHandler
        var workers = new MultiThreadIoEventLoopGroup(IocpIoHandler.newFactory());
        try {
            var bootstrap = new ServerBootstrap().group(boss, workers)
                    .channel(IocpServerSocketChannel.class)                             // NioServerSocketChannel
                    .childHandler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(new EchoServerHandler());
                        }
                    });
            Channel server = bootstrap.bind("127.0.0.1", port).sync().channel();
            System.out.println("listening on " + server.localAddress());
            server.closeFuture().sync();
        } finally {
            workers.shutdownGracefully();
            boss.shutdownGracefully();
        }
    }
}
