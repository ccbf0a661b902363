package org.iocp4j.soak;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/**
 * What clients do that no server asked for, to one that speaks the message protocol. Each is a life of one connection,
 * or of some in a row. A peer that vanishes silently is impossible on one machine; the simulation has it.
 */
public enum Abuse {
    /** Sends while anything goes out and reads nothing; then reads a little, slowly, and leaves the rest. */
    SLOW_READER {
        @Override
        void live(AbusiveClient self) throws IOException {
            SocketChannel channel = self.connect(SMALL_BUFFER_BYTES);
            self.logIn(channel);
            int messages = self.sendWhileItGoes(channel, MOST_MESSAGES);
            int read = Math.min(messages, 400);
            for (int i = 0; i < read; i++) {
                self.expect(channel, AbusiveClient.messages(i, 1));
                self.pause(2);
            }
        }
    },
    /** Byte by byte. It is served like any other. */
    SLOW_SENDER {
        @Override
        void live(AbusiveClient self) throws IOException {
            SocketChannel channel = self.connect();
            self.logIn(channel);
            byte[] messages = AbusiveClient.messages(self.random.nextInt(), 3);
            for (byte each : messages) {
                self.send(channel, each);
                self.pause(20);
            }
            self.expect(channel, messages);
            channel.close();
        }
    },
    /** Says nothing until the server's idle timeout ends it. */
    SILENT {
        @Override
        void live(AbusiveClient self) throws IOException {
            self.readToEnd(self.connect());
        }
    },
    /** Connections that are reset as soon as they are there, some with half a message sent. */
    RESET_STORM {
        @Override
        void live(AbusiveClient self) throws IOException {
            for (int i = 0; i < 20; i++) {
                SocketChannel channel = self.connect();
                if (self.random.nextBoolean()) {
                    self.send(channel, new byte[] {8, 0, 1, 2, 3});
                }
                self.reset(channel);
                self.pause(5); // the others want to be accepted, too
            }
        }
    },
    /** Bytes at random. */
    GARBAGE {
        @Override
        void live(AbusiveClient self) throws IOException {
            SocketChannel channel = self.connect();
            byte[] bytes = new byte[2 + self.random.nextInt(4_000)];
            self.random.nextBytes(bytes);
            bytes[0] |= 1; // a length that is not 8, or this would be a message
            self.send(channel, bytes);
            self.readToEnd(channel);
        }
    },
    /** Announces the longest message that two bytes can name, and sends it. */
    OVERSIZE {
        @Override
        void live(AbusiveClient self) throws IOException {
            SocketChannel channel = self.connect();
            self.logIn(channel);
            byte[] message = new byte[2 + 0xFFFF];
            message[0] = message[1] = (byte) 0xFF;
            self.send(channel, message);
            self.readToEnd(channel);
        }
    },
    /** Sends its FIN and stays. */
    HALF_OPEN {
        @Override
        void live(AbusiveClient self) throws IOException {
            SocketChannel channel = self.connect();
            self.send(channel, AbusiveClient.messages(self.random.nextInt(), 100));
            channel.shutdownOutput();
            self.pause(STAY_MILLIS);
        }
    },
    /** Makes the server disconnect it, and neither reads that nor closes. */
    NEVER_CLOSING {
        @Override
        void live(AbusiveClient self) throws IOException {
            SocketChannel channel = self.connect();
            self.logIn(channel);
            self.send(channel, new byte[] {9, 0});
            self.pause(STAY_MILLIS);
        }
    };

    private static final int SMALL_BUFFER_BYTES = 8 * 1024;
    /** 5 MB: more than the sockets of both sides hold. */
    private static final int MOST_MESSAGES = 500_000;
    private static final int STAY_MILLIS = 3_000;

    /** Ends with an exception when the server ends it, or when it is stopped; what is open then is reset. */
    abstract void live(AbusiveClient self) throws IOException;
}
