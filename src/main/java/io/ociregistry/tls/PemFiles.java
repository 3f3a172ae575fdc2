package io.ociregistry.tls;

import io.ociregistry.common.FileErrors;
import io.ociregistry.common.Secret;
import io.ociregistry.common.UnusableFileException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.util.KeyManagerUtils;
import nl.altindag.ssl.util.TrustManagerUtils;

/**
 * Reads the PEM files that a section of the configuration names by its keys {@code ca}, {@code cert} and {@code key}.
 *
 * <p>The files may contain other text and other blocks, such as {@code EC PARAMETERS} before a key. A file that can't
 * be used causes an {@link UnusableFileException}.
 *
 * @param section the name of the section, for messages
 */
public record PemFiles(String section) {
    private static final Pattern BASE64 = Pattern.compile("-----BEGIN [^-]+-----([^-]*)-----END ");
    private static final Block CERTIFICATES = new Block("certificate", "(?:TRUSTED |X509 )?CERTIFICATE");
    private static final Block KEYS = new Block("private key", "(?:[A-Z0-9]+ )?PRIVATE KEY");

    /** Returns a trust manager that trusts the certificates in the file of {@code ca} as issuers. */
    public X509ExtendedTrustManager trustManager(Path file) {
        return trustManager(section + ".ca", file);
    }

    /** Returns a trust manager for the file of a command line option, which is named in messages. */
    public static X509ExtendedTrustManager trustManager(String option, Path file) {
        return TrustManagerUtils.createTrustManager(read(option, file, CERTIFICATES, PemFiles::certificates));
    }

    /**
     * A certificate with its private key.
     *
     * @param keys presents the certificate and its issuers, if the file contains them
     */
    public record Identity(X509Certificate certificate, X509ExtendedKeyManager keys) {}

    /**
     * Reads a private key, and the certificate that belongs to it.
     *
     * @throws UnusableFileException if a file can't be used, or if no certificate belongs to the key
     */
    public Identity identity(Path cert, Path key, Optional<Secret> password) {
        List<X509Certificate> certificates = read(section + ".cert", cert, CERTIFICATES, PemFiles::certificates);
        PrivateKey privateKey = read(section + ".key", key, KEYS, pem -> decrypted(pem, password));
        X509Certificate certificate = certificates.stream()
                .filter(each -> KeyPairCheck.matches(privateKey, each.getPublicKey()))
                .findFirst()
                .orElseThrow(() -> new UnusableFileException(
                        section + ".key", key, "it is not the key of a certificate in " + section + ".cert " + cert));
        return new Identity(
                certificate, KeyManagerUtils.createKeyManager(privateKey, chain(certificate, certificates)));
    }

    /** Sorts certificates into a chain and drops unrelated ones: a Java key store needs it, other programs do not. */
    private static X509Certificate[] chain(X509Certificate first, List<X509Certificate> certificates) {
        List<X509Certificate> chain = new ArrayList<>();
        Optional<X509Certificate> next = Optional.of(first);
        while (next.isPresent()) {
            X509Certificate last = next.get();
            chain.add(last);
            next = certificates.stream()
                    .filter(each -> each.getSubjectX500Principal().equals(last.getIssuerX500Principal()))
                    .filter(each -> !chain.contains(each))
                    .findFirst();
        }
        return chain.toArray(X509Certificate[]::new);
    }

    private PrivateKey decrypted(String pem, Optional<Secret> password) {
        Supplier<char[]> chars = () -> password.map(secret -> secret.reveal().toCharArray())
                .orElseThrow(() -> new IllegalArgumentException("it is encrypted, and neither " + section
                        + ".keyPassword nor " + section + ".keyPasswordFromEnv is set"));
        try {
            return PrivateKeys.parse(pem, chars);
        } catch (PrivateKeys.WrongPasswordException e) {
            throw new IllegalArgumentException("it can't be decrypted with the " + section + ".keyPassword given", e);
        }
    }

    private static List<X509Certificate> certificates(String pem) {
        List<X509Certificate> certificates = new ArrayList<>();
        for (MatchResult block : BASE64.matcher(pem).results().toList()) {
            // A trusted certificate of OpenSSL has data of its own after the certificate.
            byte[] encoded = new Der(Base64.getMimeDecoder().decode(block.group(1))).nextEncoded();
            try {
                certificates.add((X509Certificate)
                        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded)));
            } catch (CertificateException e) {
                throw new IllegalArgumentException("it contains a damaged certificate: " + e.getMessage(), e);
            }
        }
        return certificates;
    }

    private static <T> T read(String key, Path file, Block block, Function<String, T> reader) {
        String pem = block.pattern()
                .matcher(text(key, file))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.joining("\n"));
        if (pem.isEmpty()) {
            throw new UnusableFileException(key, file, "it contains no " + block.kind() + " in PEM format");
        }
        try {
            return reader.apply(pem);
        } catch (RuntimeException e) {
            throw new UnusableFileException(key, file, e.getMessage());
        }
    }

    private static String text(String key, Path file) {
        try {
            // The text around the blocks may have any encoding.
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UnusableFileException(key, file, FileErrors.whyUnreadable(file, e));
        }
    }

    /**
     * A kind of PEM block.
     *
     * @param kind its name in messages
     */
    private record Block(String kind, Pattern pattern) {
        Block(String kind, String label) {
            this(kind, Pattern.compile("-----BEGIN (" + label + ")-----.*?-----END \\1-----", Pattern.DOTALL));
        }
    }
}
