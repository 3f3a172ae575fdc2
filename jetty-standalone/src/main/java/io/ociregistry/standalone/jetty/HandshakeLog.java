package io.ociregistry.standalone.jetty;

import java.security.cert.CertificateException;
import java.util.Optional;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs which clients were refused for want of a certificate, or for a wrong one: they themselves see an alert at most, and their requests never
 * get as far as the access log. What else ends a handshake is logged for debugging: anybody who looks for open ports causes it.
 */
final class HandshakeLog implements SslHandshakeListener {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeLog.class);

    @Override
    public void handshakeFailed(Event event, Throwable failure) {
        var client = event.getEndPoint().getRemoteSocketAddress();
        var reason = aboutCertificate(failure);
        if (reason.isPresent()) {
            LOG.info("{} was refused, by serverTlsConfig.clientAuth: {}", client, reason.get());
        } else {
            LOG.debug("no TLS with {}: {}", client, failure.toString());
        }
    }

    private static Optional<String> aboutCertificate(Throwable failure) {
        var said = String.valueOf(failure.getMessage());
        if (said.contains("client certificate chain")) {
            return Optional.of(said);
        }
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return Optional.of(String.valueOf(cause.getMessage()));
            }
        }
        return Optional.empty();
    }
}
