package org.iocp4j.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * A key and a certificate that is signed with it, for the length of a run. The JDK reads certificates and makes none,
 * but for its program {@code keytool}; so its bytes (RFC 5280) are put together here.
 */
record SelfSigned(PrivateKey key, X509Certificate certificate) {
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int UTF8_STRING = 0x0c;
    private static final int UTC_TIME = 0x17;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    /** SHA256withECDSA, with the tag of an object identifier. */
    private static final byte[] ALGORITHM = {6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2};
    private static final byte[] COMMON_NAME = {6, 3, 0x55, 4, 3};

    /** For "localhost", from 2020 to 2049. */
    static SelfSigned make() throws IOException {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            byte[] algorithm = part(SEQUENCE, ALGORITHM);
            byte[] name = part(SEQUENCE, part(SET, part(SEQUENCE, COMMON_NAME, text(UTF8_STRING, "localhost"))));
            byte[] signed = part(SEQUENCE, part(INTEGER, new byte[] {1}), algorithm, name,
                    part(SEQUENCE, text(UTC_TIME, "200101000000Z"), text(UTC_TIME, "491231235959Z")), name,
                    keys.getPublic().getEncoded());
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(signed);
            byte[] all = part(SEQUENCE, signed, algorithm, part(BIT_STRING, new byte[] {0}, signature.sign()));
            return new SelfSigned(keys.getPrivate(), (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(all)));
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static byte[] text(int tag, String text) {
        return part(tag, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Tag, length, contents. */
    private static byte[] part(int tag, byte[]... contents) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] content : contents) {
            all.writeBytes(content);
        }
        ByteArrayOutputStream part = new ByteArrayOutputStream();
        part.write(tag);
        if (all.size() >= 0x80) {
            boolean two = all.size() >= 0x100;
            part.write(two ? 0x82 : 0x81);
            if (two) {
                part.write(all.size() >> 8);
            }
        }
        part.write(all.size());
        part.writeBytes(all.toByteArray());
        return part.toByteArray();
    }

    /** For a server of the JDK. */
    SSLContext server() throws IOException {
        try {
            char[] password = {};
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("server", key, password, new X509Certificate[] {certificate});
            KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(store, password);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /** For the client: it connects to servers of its own only, and takes any certificate. */
    static SSLContext client() throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyServer()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static final class AnyServer implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            // Any will do.
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
