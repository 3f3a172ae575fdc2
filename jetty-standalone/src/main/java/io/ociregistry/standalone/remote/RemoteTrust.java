package io.ociregistry.standalone.remote;

import io.ociregistry.common.UnusableFileException;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.tls.ExplainingTrustManager;
import io.ociregistry.tls.HandshakeFailure;
import io.ociregistry.tls.NoClientCertificate;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;

/** Verifies the server's certificate: with the CA certificates of an option, otherwise with the system's. */
final class RemoteTrust {
    private final NoClientCertificate noCertificate = new NoClientCertificate();
    private final TrustManager trust;

    private RemoteTrust(TrustManager trust) {
        this.trust = trust;
    }

    /** Makes the trust for an https URL; empty for an http URL. */
    static Optional<RemoteTrust> of(URI server, CliOption ca, GivenOptions options)
            throws UsageException, StartException {
        var authorities = options.get(ca);
        if (!"https".equals(server.getScheme())) {
            if (authorities.isPresent()) {
                throw new UsageException(ca + " needs a server with TLS, and " + CliOption.SERVER + " " + server
                        + " has none; write https://, or remove " + ca);
            }
            return Optional.empty();
        }
        return Optional.of(new RemoteTrust(authorities.isPresent() ? trustOf(ca, authorities.get()) : systemTrust(ca)));
    }

    private static TrustManager trustOf(CliOption ca, String file) throws StartException {
        try {
            var trust = PemFiles.trustManager(ca.toString(), Path.of(file));
            return new ExplainingTrustManager(trust, ca + " " + file, "that file");
        } catch (UnusableFileException e) {
            throw new StartException(e.getMessage() + "; write the path of a PEM file with certificates", e);
        }
    }

    private static TrustManager systemTrust(CliOption ca) {
        return new ExplainingTrustManager(
                SystemTrust.ofThisMachine().get(), "the operating system", "the file of " + ca);
    }

    SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {noCertificate}, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no TLS", e);
        }
    }

    /** The reason of a failed TLS handshake and the remedy; empty for other failures. */
    Optional<String> reason(IOException e) {
        var message = String.valueOf(e.getMessage());
        boolean untrusted = e.getCause() instanceof CertificateException;
        if (noCertificate.isRequested() && !untrusted) {
            return Optional.of(message
                    + "; the server requires a client certificate, and a command has none: use its admin.port, which is"
                    + " plain HTTP");
        }
        if (HandshakeFailure.isWithoutTls(message)) {
            return Optional.of(message + "; is that a port with TLS? admin.port is always plain HTTP");
        }
        return e instanceof SSLException ? Optional.of(message) : Optional.empty();
    }
}
