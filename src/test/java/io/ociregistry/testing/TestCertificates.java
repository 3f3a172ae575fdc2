package io.ociregistry.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PKCS8Generator;
import org.bouncycastle.openssl.jcajce.JcaMiscPEMGenerator;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8EncryptorBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObjectGenerator;

/** A certificate authority that no client trusts by default, and its certificates. */
public final class TestCertificates {
    private static final Duration LIFE = Duration.ofDays(30);
    private static final int P256_BITS = 256;
    private static final char[] NO_PASSWORD = {};

    private final KeyPair keys = newKeys(KeyKind.EC);
    private final X500Name name;
    private final X509Certificate certificate;
    private final AtomicLong serial = new AtomicLong(1);

    private TestCertificates(String commonName) {
        name = new X500Name("CN=" + commonName);
        certificate = sign(name, keys, Instant.now(), true);
    }

    /** Creates an authority. */
    public static TestCertificates create() {
        return new TestCertificates("Test Authority " + System.nanoTime());
    }

    /** Issues a certificate for 127.0.0.1 and localhost. */
    public Server server() {
        return server("127.0.0.1", "localhost");
    }

    /** Issues a certificate for exactly these names and addresses. */
    public Server server(String... names) {
        return new Server(issue(Instant.now(), names));
    }

    /**
     * Returns a context that presents the certificate for the name in the client's handshake; no certificate for
     * another name or none.
     */
    public SSLContext serverByName(String... names) {
        Map<String, Issued> byName =
                Arrays.stream(names).collect(Collectors.toMap(each -> each, each -> issue(Instant.now(), each)));
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {new ByName(byName)}, null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("can't make a TLS context", e);
        }
    }

    private static final class ByName extends X509ExtendedKeyManager {
        private final Map<String, Issued> byName;

        ByName(Map<String, Issued> byName) {
            this.byName = byName;
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            var session = (ExtendedSSLSession) ((SSLSocket) socket).getHandshakeSession();
            return session.getRequestedServerNames().stream()
                    .map(name -> new String(name.getEncoded(), StandardCharsets.US_ASCII))
                    .filter(byName::containsKey)
                    .filter(name -> keyType.equals("EC"))
                    .findFirst()
                    .orElse(null);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return new X509Certificate[] {byName.get(alias).certificate};
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return byName.get(alias).key;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return byName.keySet().toArray(String[]::new);
        }
    }

    /** Issues an expired certificate. */
    public Server expiredServer() {
        return new Server(issue(Instant.now().minus(LIFE.multipliedBy(2)), "127.0.0.1", "localhost"));
    }

    /** Issues a client certificate. */
    public Client client(String commonName) {
        return client(commonName, KeyKind.EC);
    }

    /** Issues a client certificate for a key of this kind. */
    public Client client(String commonName, KeyKind kind) {
        return new Client(issue(newKeys(kind), Instant.now(), commonName));
    }

    /** Writes {@code ca.pem} for a configuration that trusts this authority. */
    public Path caPem(Path directory) {
        return write(directory.resolve("ca.pem"), certificate);
    }

    /** Returns a client context that trusts only this authority. */
    public SSLContext trusting() {
        return context(null);
    }

    /** The algorithm of a key. */
    public enum KeyKind {
        RSA("RSA"),
        EC("EC"),
        ED25519("Ed25519");

        private final String algorithm;

        KeyKind(String algorithm) {
            this.algorithm = algorithm;
        }
    }

    /** The PEM form of a key. Traditional is PKCS#1 for RSA and SEC1 for EC. */
    public enum KeyForm {
        PKCS8,
        TRADITIONAL,
        ENCRYPTED_PKCS8,
        ENCRYPTED_TRADITIONAL;

        private PemObjectGenerator pem(PrivateKey key, String text) {
            // For PKCS#8, Bouncy Castle takes the low byte of each character; openssl uses the bytes of UTF-8.
            String utf8 = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            try {
                return switch (this) {
                    case PKCS8 -> new JcaPKCS8Generator(key, null);
                    case TRADITIONAL -> new JcaMiscPEMGenerator(traditional(key));
                    case ENCRYPTED_PKCS8 ->
                        new JcaPKCS8Generator(
                                key,
                                new JceOpenSSLPKCS8EncryptorBuilder(PKCS8Generator.AES_256_CBC)
                                        .setProvider(new BouncyCastleProvider())
                                        .setPassword(utf8.toCharArray())
                                        .build());
                    case ENCRYPTED_TRADITIONAL ->
                        new JcaMiscPEMGenerator(
                                traditional(key),
                                new JcePEMEncryptorBuilder("AES-256-CBC")
                                        .setProvider(new BouncyCastleProvider())
                                        .build(text.toCharArray()));
                };
            } catch (IOException | OperatorCreationException e) {
                throw new IllegalStateException("can't write a key as " + this, e);
            }
        }

        /** Adds the curve to the inner key: Java omits it, since PKCS#8 has it outside; SEC1 has no outer structure. */
        private static PrivateKeyInfo traditional(PrivateKey key) throws IOException {
            PrivateKeyInfo info = PrivateKeyInfo.getInstance(key.getEncoded());
            if (!key.getAlgorithm().equals("EC")) {
                return info;
            }
            ASN1Encodable curve = info.getPrivateKeyAlgorithm().getParameters();
            var inner = ECPrivateKey.getInstance(info.parsePrivateKey());
            return new PrivateKeyInfo(
                    info.getPrivateKeyAlgorithm(), new ECPrivateKey(P256_BITS, inner.getKey(), curve));
        }
    }

    /** A key and its certificate. */
    private record Issued(PrivateKey key, X509Certificate certificate) {}

    /** A certificate of this authority with its key, as files or as a context. */
    public class Presented {
        private final Issued issued;
        private final String name;

        private Presented(Issued issued, String name) {
            this.issued = issued;
            this.name = name;
        }

        /** Returns a context that presents the certificate and trusts this authority. */
        public SSLContext sslContext() {
            return context(issued);
        }

        /** Returns a context that presents the certificate and trusts another authority. */
        public SSLContext contextTrusting(TestCertificates other) {
            return context(issued, other);
        }

        /** Writes {@code server.pem} or {@code client.pem}. */
        public Path certPem(Path directory) {
            return write(directory.resolve(name + ".pem"), issued.certificate);
        }

        /** Writes {@code server.key} or {@code client.key}, as PKCS#8 without a password. */
        public Path keyPem(Path directory) {
            return write(directory.resolve(name + ".key"), issued.key);
        }
    }

    /** The certificate of a server. */
    public final class Server extends Presented {
        private Server(Issued issued) {
            super(issued, "server");
        }
    }

    /** The certificate of a client. */
    public final class Client extends Presented {
        private final Issued issued;

        private Client(Issued issued) {
            super(issued, "client");
            this.issued = issued;
        }

        /** Writes {@code client.key} in another form; encrypted forms use the password. */
        public Path keyPem(Path directory, KeyForm form, String password) {
            return writePem(directory.resolve("client.key"), form.pem(issued.key, password));
        }
    }

    private Issued issue(Instant from, String... names) {
        return issue(newKeys(KeyKind.EC), from, names);
    }

    private Issued issue(KeyPair pair, Instant from, String... names) {
        return new Issued(pair.getPrivate(), sign(new X500Name("CN=" + names[0]), pair, from, false, names));
    }

    private X509Certificate sign(X500Name subject, KeyPair pair, Instant from, boolean authority, String... names) {
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.valueOf(serial.getAndIncrement()),
                    Date.from(from.minus(Duration.ofMinutes(5))),
                    Date.from(from.plus(LIFE)),
                    subject,
                    pair.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (names.length > 0) {
                builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(general(names)));
            }
            var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw new IllegalStateException("can't make a certificate", e);
        }
    }

    private static GeneralName[] general(String... names) {
        return Arrays.stream(names)
                .map(text -> new GeneralName(isAddress(text) ? GeneralName.iPAddress : GeneralName.dNSName, text))
                .toArray(GeneralName[]::new);
    }

    private static boolean isAddress(String text) {
        return text.indexOf(':') >= 0 || text.matches("[0-9.]+");
    }

    private SSLContext context(Issued issued) {
        return context(issued, this);
    }

    private SSLContext context(Issued issued, TestCertificates trusting) {
        try {
            KeyStore trusted = emptyStore();
            trusted.setCertificateEntry("ca", trusting.certificate);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyStore own = emptyStore();
            if (issued != null) {
                Certificate[] chain = {issued.certificate, certificate};
                own.setKeyEntry("own", issued.key, NO_PASSWORD, chain);
            }
            KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(own, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("can't make a TLS context", e);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }

    private static KeyPair newKeys(KeyKind kind) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.algorithm);
            if (kind == KeyKind.EC) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + kind.algorithm, e);
        }
    }

    private static Path write(Path file, Object what) {
        return writePem(file, what instanceof PrivateKey key ? KeyForm.PKCS8.pem(key, "") : what);
    }

    private static Path writePem(Path file, Object what) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
            pem.writeObject(what);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            return Files.writeString(file, text.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
