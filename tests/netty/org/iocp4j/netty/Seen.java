package org.iocp4j.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what a channel's pipeline is told. */
@ChannelHandler.Sharable
class Seen extends ChannelInboundHandlerAdapter {
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Throwable> failures = new CopyOnWriteArrayList<>();

    byte[] read() {
        synchronized (read) {
            return read.toByteArray();
        }
    }

    int readBytes() {
        synchronized (read) {
            return read.size();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        ByteBuf buf = (ByteBuf) message;
        try {
            events.add("read");
            synchronized (read) {
                buf.getBytes(buf.readerIndex(), read, buf.readableBytes());
            }
        } finally {
            buf.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        events.add("readComplete");
        context.fireChannelReadComplete();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        events.add("active");
        context.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        events.add("inactive");
        context.fireChannelInactive();
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext context) {
        events.add("unregistered");
        context.fireChannelUnregistered();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        events.add(event.getClass().getSimpleName());
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        events.add(context.channel().isWritable() ? "writable" : "unwritable");
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        failures.add(cause);
        events.add(cause.getClass().getSimpleName());
    }
}
