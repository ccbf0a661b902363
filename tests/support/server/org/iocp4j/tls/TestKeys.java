package org.iocp4j.tls;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/** A certificate for localhost and 127.0.0.1, which keytool makes once for all tests of a JVM. */
public final class TestKeys {
    private static final char[] PASSWORD = "password".toCharArray();
    private static final KeyStore STORE = make();

    private TestKeys() {
    }

    private static KeyStore make() {
        try {
            Path folder = Files.createTempDirectory("iocp4j-tls");
            Path file = folder.resolve("keys.p12");
            Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-alias", "test", "-keyalg", "EC", "-dname", "CN=localhost", "-ext",
                    "SAN=ip:127.0.0.1,dns:localhost", "-keystore", file.toString(), "-storetype", "PKCS12",
                    "-storepass", new String(PASSWORD)).inheritIO().start();
            if (keytool.waitFor() != 0) {
                throw new AssertionError("keytool failed");
            }
            KeyStore store = KeyStore.getInstance(file.toFile(), PASSWORD);
            Files.delete(file);
            Files.delete(folder);
            return store;
        } catch (IOException | GeneralSecurityException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Has the certificate, and trusts it. */
    public static SSLContext context() {
        return context(STORE);
    }

    /** Has none, and trusts this one. */
    public static SSLContext withoutCertificate() {
        return context(null);
    }

    /** Has the certificate, which is chosen when {@code choosing} has returned. */
    public static SSLContext slow(Runnable choosing) {
        return context(STORE, keys -> new SlowKeys(keys, choosing));
    }

    private static final class SlowKeys extends X509ExtendedKeyManager {
        private final X509ExtendedKeyManager keys;
        private final Runnable choosing;

        SlowKeys(X509ExtendedKeyManager keys, Runnable choosing) {
            this.keys = keys;
            this.choosing = choosing;
        }

        @Override
        public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
            choosing.run();
            return keys.chooseEngineServerAlias(type, issuers, engine);
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return keys.getClientAliases(type, issuers);
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return keys.chooseClientAlias(types, issuers, socket);
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return keys.getServerAliases(type, issuers);
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return keys.chooseServerAlias(type, issuers, socket);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return keys.getCertificateChain(alias);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return keys.getPrivateKey(alias);
        }
    }

    private static SSLContext context(KeyStore own) {
        return context(own, keys -> keys);
    }

    private static SSLContext context(KeyStore own, UnaryOperator<X509ExtendedKeyManager> wrapper) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, PASSWORD);
            KeyManager[] managers = Arrays.stream(keys.getKeyManagers())
                    .map(each -> wrapper.apply((X509ExtendedKeyManager) each)).toArray(KeyManager[]::new);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(STORE);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
