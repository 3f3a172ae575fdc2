package io.ociregistry.tls;

import io.ociregistry.common.Secret;
import io.ociregistry.common.UnusableFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import nl.altindag.ssl.pem.util.PemUtils;
import nl.altindag.ssl.util.KeyManagerUtils;

/**
 * The PEM files that a section of the configuration names by its keys {@code ca}, {@code cert} and {@code key}. They may hold more than
 * what is looked for, like text, or {@code EC PARAMETERS} before a key.
 *
 * <p>What can't be used is an {@link UnusableFileException}.
 *
 * @param section the name of that section, for messages
 */
public record PemFiles(String section) {
    private static final Pattern CERTIFICATES = blocks("(?:TRUSTED |X509 )?CERTIFICATE");
    private static final Pattern KEYS = blocks("(?:[A-Z0-9]+ )?PRIVATE KEY");
    private static final Pattern ENCRYPTED = Pattern.compile("BEGIN ENCRYPTED |Proc-Type: *4,ENCRYPTED");

    /** Trusts what one of the certificates in a file has signed. */
    public X509ExtendedTrustManager authorities(Path file) {
        return authorities(section + ".ca", file);
    }

    /** The same for a file that no section of the configuration names, but that option. */
    public static X509ExtendedTrustManager authorities(String option, Path file) {
        return read(option, file, CERTIFICATES, pem -> PemUtils.parseTrustMaterial(pem));
    }

    /** A certificate, and what shows it together with its issuers, as far as they are in the same file. */
    public record Identity(X509Certificate certificate, X509ExtendedKeyManager keys) {}

    /** The certificate that belongs to a key. */
    public Identity identity(Path cert, Path key, Optional<Secret> password) {
        List<X509Certificate> held = read(section + ".cert", cert, CERTIFICATES, PemUtils::parseCertificate);
        PrivateKey own = read(section + ".key", key, KEYS, pem -> decrypted(pem, password));
        X509Certificate certificate = held.stream()
                .filter(each -> CertifiedKey.is(own, each.getPublicKey()))
                .findFirst()
                .orElseThrow(() -> new UnusableFileException(
                        section + ".key", key, "it is not the key of a certificate in " + section + ".cert " + cert));
        return new Identity(certificate, KeyManagerUtils.createKeyManager(own, chain(certificate, held)));
    }

    /** Other programs take files whose certificates are in any order, or have nothing to do with each other; Java's key stores do not. */
    private static X509Certificate[] chain(X509Certificate first, List<X509Certificate> held) {
        List<X509Certificate> chain = new ArrayList<>();
        Optional<X509Certificate> next = Optional.of(first);
        while (next.isPresent()) {
            X509Certificate last = next.get();
            chain.add(last);
            next = held.stream()
                    .filter(each -> each.getSubjectX500Principal().equals(last.getIssuerX500Principal()))
                    .filter(each -> !chain.contains(each))
                    .findFirst();
        }
        return chain.toArray(X509Certificate[]::new);
    }

    private PrivateKey decrypted(String pem, Optional<Secret> password) {
        if (!ENCRYPTED.matcher(pem).find()) {
            return PemUtils.parsePrivateKey(pem);
        }
        Secret secret = password.orElseThrow(() -> new IllegalArgumentException("it is encrypted, and neither "
                + section + ".keyPassword nor " + section + ".keyPasswordFromEnv is set"));
        try {
            return PemUtils.parsePrivateKey(pem, secret.reveal().toCharArray());
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("it can't be decrypted with the " + section + ".keyPassword given", e);
        }
    }

    private static <T> T read(String key, Path file, Pattern blocks, Function<String, T> reader) {
        String pem = blocks.matcher(text(key, file))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.joining("\n"));
        if (pem.isEmpty()) {
            throw new UnusableFileException(key, file, "it is no PEM file, or holds nothing of that kind");
        }
        try {
            return reader.apply(pem);
        } catch (RuntimeException e) {
            throw new UnusableFileException(key, file, e.getMessage());
        }
    }

    private static String text(String key, Path file) {
        try {
            // What is around the blocks may be in any encoding.
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UnusableFileException(key, file, "it does not exist or can't be read");
        }
    }

    private static Pattern blocks(String label) {
        return Pattern.compile("-----BEGIN (" + label + ")-----.*?-----END \\1-----", Pattern.DOTALL);
    }
}
