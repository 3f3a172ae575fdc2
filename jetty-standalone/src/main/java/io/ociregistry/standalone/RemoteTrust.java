package io.ociregistry.standalone;

import io.ociregistry.files.UnusableFileException;
import io.ociregistry.tls.ExplainingTrustManager;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;

/** Whom the command believes to be the server that it is told: who the authorities of {@code --server-ca} vouch for, else those of the operating system. */
final class RemoteTrust {
    /** RFC 8446 section 6.2: what a server says of the certificate of a client. */
    private static final Pattern ABOUT_OURS =
            Pattern.compile("Received fatal alert: (\\w*certificate\\w*|unknown_ca|access_denied)");

    /** What Java says of it depends on how much of it there is to look at. */
    private static final Pattern NO_TLS = Pattern.compile("(?i)unrecognized ssl message");

    private RemoteTrust() {}

    /** What checks the certificate of a server, if it is to have one. */
    static Optional<SSLContext> of(URI server, Optional<String> authorities) throws UsageException, StartException {
        if (!"https".equals(server.getScheme())) {
            if (authorities.isPresent()) {
                throw new UsageException(Flag.SERVER_CA + " is for a server with TLS, and " + Flag.SERVER + " " + server
                        + " is none; write https://, or leave it out");
            }
            return Optional.empty();
        }
        return Optional.of(authorities.isPresent() ? vouchedForBy(authorities.get()) : vouchedForByTheSystem());
    }

    private static SSLContext vouchedForBy(String file) throws StartException {
        try {
            var trust = PemFiles.authorities(Flag.SERVER_CA.toString(), Path.of(file));
            return context(new ExplainingTrustManager(trust, Flag.SERVER_CA + " " + file, "that file"));
        } catch (UnusableFileException e) {
            throw new StartException(e.getMessage() + "; it is to hold certificates in PEM", e);
        }
    }

    private static SSLContext vouchedForByTheSystem() {
        var trust = SystemTrust.ofThisMachine().get();
        return context(new ExplainingTrustManager(trust, "the operating system", "the file of " + Flag.SERVER_CA));
    }

    private static SSLContext context(TrustManager trust) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    /** Why there is no connection, and what to do. */
    static String reason(SSLException e) {
        var said = String.valueOf(e.getMessage());
        if (ABOUT_OURS.matcher(said).find()) {
            return said
                    + "; that server wants a certificate of its clients, and a command has none: ask its admin.port,"
                    + " which is plain HTTP";
        }
        return NO_TLS.matcher(said).find() ? said + "; is that a port with TLS? admin.port is always plain HTTP" : said;
    }
}
