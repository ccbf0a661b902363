package example;

import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Sends each text back. */
public final class EchoEndpoint extends Endpoint {
    /** For Tomcat. */
    public EchoEndpoint() {
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        session.addMessageHandler(String.class, new MessageHandler.Whole<String>() {
            @Override
            public void onMessage(String text) {
                try {
                    // Not by the asynchronous remote: the client's next message may come before Tomcat knows that the
                    // last answer has been sent, and to send then is an IllegalStateException, which ends the session.
                    session.getBasicRemote().sendText(text);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
    }

    @Override
    public void onError(Session session, Throwable cause) {
        cause.printStackTrace();
    }
}
