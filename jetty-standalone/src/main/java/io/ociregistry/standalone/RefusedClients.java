package io.ociregistry.standalone;

import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs which clients were refused for want of a certificate, or for a wrong one: they themselves see an alert at most, and their requests never
 * get as far as the access log. What else ends a handshake is logged for debugging: anybody who looks for open ports causes it.
 */
final class RefusedClients implements SslHandshakeListener {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedClients.class);

    @Override
    public void handshakeFailed(Event event, Throwable failure) {
        var client = event.getEndPoint().getRemoteSocketAddress();
        if (isAboutCertificate(failure)) {
            LOG.info("{} was refused, by serverTlsConfig.clientAuth: {}", client, reason(failure));
        } else {
            LOG.debug("no TLS with {}: {}", client, failure.toString());
        }
    }

    private static boolean isAboutCertificate(Throwable failure) {
        var said = String.valueOf(failure.getMessage());
        return failure instanceof SSLException
                && (said.contains("client certificate chain") || root(failure) instanceof CertificateException);
    }

    private static String reason(Throwable failure) {
        return String.valueOf(root(failure).getMessage());
    }

    private static Throwable root(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
