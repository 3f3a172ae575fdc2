package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A private authority and a certificate for 127.0.0.1 that it signed, as PEM files. A client trusts the authority only
 * if it is configured to.
 */
record Certificates(Path authority, Path certificate, Path key) {
    private static final X500Principal AUTHORITY = new X500Principal("CN=A test's own authority");
    private static final X500Principal SERVER = new X500Principal("CN=127.0.0.1");

    static Certificates in(Path directory) {
        try {
            Files.createDirectories(directory);
            var files = new Certificates(
                    directory.resolve("ca.crt"), directory.resolve("server.pem"), directory.resolve("server.key.pem"));
            var authority = keyPair();
            var server = keyPair();
            write(files.authority, "CERTIFICATE", sign(AUTHORITY, authority, authority, true));
            write(files.certificate, "CERTIFICATE", sign(SERVER, server, authority, false));
            write(files.key, "PRIVATE KEY", server.getPrivate().getEncoded());
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair keyPair() throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static byte[] sign(X500Principal subject, KeyPair holder, KeyPair signer, boolean isAuthority)
            throws IOException, OperatorCreationException {
        var now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(
                AUTHORITY,
                new BigInteger(100, new SecureRandom()),
                Date.from(now.minus(Duration.ofHours(1))),
                Date.from(now.plus(Duration.ofDays(2))),
                subject,
                holder.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
        if (!isAuthority) {
            nameLoopback(builder);
        }
        return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate()))
                .getEncoded();
    }

    private static void nameLoopback(JcaX509v3CertificateBuilder builder) throws CertIOException {
        var address = new GeneralName(GeneralName.iPAddress, Loopback.ADDRESS);
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(address));
    }

    private static void write(Path file, String type, byte[] content) throws IOException {
        var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(file, "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(type, lines));
    }
}
