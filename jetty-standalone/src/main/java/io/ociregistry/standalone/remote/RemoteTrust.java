package io.ociregistry.standalone.remote;

import io.ociregistry.common.UnusableFileException;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.tls.ExplainingTrustManager;
import io.ociregistry.tls.NoCertificate;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;

/** Whom the command believes to be the server that it is told: who the authorities of {@code --server-ca} vouch for, else those of the operating system. */
final class RemoteTrust {
    /** What Java says of it depends on how much of it there is to look at. */
    private static final Pattern NO_TLS = Pattern.compile("(?i)unrecognized ssl message");

    private final NoCertificate nothing = new NoCertificate();
    private final TrustManager trust;

    private RemoteTrust(TrustManager trust) {
        this.trust = trust;
    }

    /** For a server that is to have a certificate. */
    static Optional<RemoteTrust> of(URI server, Optional<String> authorities) throws UsageException, StartException {
        if (!"https".equals(server.getScheme())) {
            if (authorities.isPresent()) {
                throw new UsageException(CliOption.SERVER_CA + " is for a server with TLS, and " + CliOption.SERVER
                        + " " + server + " is none; write https://, or leave it out");
            }
            return Optional.empty();
        }
        return Optional.of(
                new RemoteTrust(authorities.isPresent() ? vouchedForBy(authorities.get()) : vouchedForByTheSystem()));
    }

    private static TrustManager vouchedForBy(String file) throws StartException {
        try {
            var trust = PemFiles.authorities(CliOption.SERVER_CA.toString(), Path.of(file));
            return new ExplainingTrustManager(trust, CliOption.SERVER_CA + " " + file, "that file");
        } catch (UnusableFileException e) {
            throw new StartException(e.getMessage() + "; it is to hold certificates in PEM", e);
        }
    }

    private static TrustManager vouchedForByTheSystem() {
        return new ExplainingTrustManager(
                SystemTrust.ofThisMachine().get(), "the operating system", "the file of " + CliOption.SERVER_CA);
    }

    SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {nothing}, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    /** Why there is no TLS connection, and what to do; empty if that is not what failed. */
    Optional<String> reason(IOException e) {
        var said = String.valueOf(e.getMessage());
        boolean untrusted = e.getCause() instanceof CertificateException;
        if (nothing.isWanted() && !untrusted) {
            return Optional.of(said
                    + "; that server wants a certificate of its clients, and a command has none: ask its admin.port,"
                    + " which is plain HTTP");
        }
        if (NO_TLS.matcher(said).find()) {
            return Optional.of(said + "; is that a port with TLS? admin.port is always plain HTTP");
        }
        return e instanceof SSLException ? Optional.of(said) : Optional.empty();
    }
}
