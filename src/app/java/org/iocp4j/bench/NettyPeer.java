package org.iocp4j.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.iocp4j.netty.IocpEventLoopGroup;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;

/** On Netty, with a transport's own defaults but for the size of a receive buffer. */
final class NettyPeer implements Peer {
    private final Service service;
    private final EventLoopGroup loops;
    private final Class<? extends ServerChannel> listener;

    private NettyPeer(Service service, EventLoopGroup loops, Class<? extends ServerChannel> listener) {
        this.service = service;
        this.loops = loops;
        this.listener = listener;
    }

    static Peer nio(Service service) {
        return new NettyPeer(service, loops(NioIoHandler.newFactory()), NioServerSocketChannel.class);
    }

    static Peer iocp(Service service) {
        return new NettyPeer(service, loops(IocpIoHandler.newFactory()), IocpServerSocketChannel.class);
    }

    /** With sockets that are used again. */
    static Peer iocpReuse(Service service) {
        return new NettyPeer(service, new IocpEventLoopGroup(THREADS), IocpServerSocketChannel.class);
    }

    private static EventLoopGroup loops(IoHandlerFactory handlers) {
        return new MultiThreadIoEventLoopGroup(THREADS, Thread.ofPlatform().daemon().factory(), handlers);
    }

    @Override
    public int start() throws IOException {
        return ((InetSocketAddress) new ServerBootstrap().group(loops)
                .channel(listener)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(BUFFER_BYTES))
                .childHandler(switch (service) {
                    case ECHO -> new Echo();
                    case HTTP -> new Http(null);
                    case HTTPS -> new Http(tls());
                    case REDIS -> throw new IllegalArgumentException("no handler for " + service);
                })
                .bind(Peer.anyPort()).syncUninterruptibly().channel().localAddress()).getPort();
    }

    private static SslContext tls() throws IOException {
        SelfSigned self = SelfSigned.make();
        return SslContextBuilder.forServer(self.key(), self.certificate()).sslProvider(SslProvider.JDK).build();
    }

    private static final class Echo extends ChannelInitializer<SocketChannel> {
        private final EchoHandler handler = new EchoHandler();

        @Override
        protected void initChannel(SocketChannel channel) {
            channel.pipeline().addLast(handler);
        }
    }

    private static final class Http extends ChannelInitializer<SocketChannel> {
        private final SslContext tls;
        private final HttpHandler handler = new HttpHandler();

        Http(SslContext tls) {
            this.tls = tls;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            if (tls != null) {
                channel.pipeline().addLast(tls.newHandler(channel.alloc()));
            }
            channel.pipeline().addLast(new HttpServerCodec(), handler);
        }
    }

    /** Sends what it writes when there is no more to read, and closes what breaks. */
    private abstract static class Handler extends ChannelInboundHandlerAdapter {
        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
            context.close();
        }
    }

    @Sharable
    private static final class EchoHandler extends Handler {
        @Override
        public void channelRead(ChannelHandlerContext context, Object data) {
            context.write(data, context.voidPromise());
        }
    }

    @Sharable
    private static final class HttpHandler extends Handler {
        private final Map<String, ByteBuf> bodies = new ConcurrentHashMap<>();

        @Override
        public void channelRead(ChannelHandlerContext context, Object part) {
            if (part instanceof HttpRequest request) {
                ByteBuf body = bodies.computeIfAbsent(request.uri(), HttpHandler::body).duplicate();
                FullHttpResponse response =
                        new DefaultFullHttpResponse(request.protocolVersion(), HttpResponseStatus.OK, body);
                HttpUtil.setContentLength(response, body.readableBytes());
                if (HttpUtil.isKeepAlive(request)) {
                    context.write(response, context.voidPromise());
                } else {
                    context.write(response).addListener(ChannelFutureListener.CLOSE);
                }
            }
            ReferenceCountUtil.release(part);
        }

        private static ByteBuf body(String path) {
            return Unpooled.unreleasableBuffer(
                    Unpooled.wrappedBuffer(Exchange.bytes(GetExchange.bodyBytes(path))));
        }
    }
}
