package io.ociregistry.standalone.jetty;

import java.security.cert.CertificateException;
import java.util.Optional;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs clients that were refused because of a missing or untrusted certificate: they see a TLS alert at most, and
 * their requests never reach the access log. Other failed handshakes are logged at debug level, because every port scan
 * causes them.
 */
final class HandshakeLog implements SslHandshakeListener {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeLog.class);

    @Override
    public void handshakeFailed(Event event, Throwable failure) {
        var client = event.getEndPoint().getRemoteSocketAddress();
        var reason = aboutCertificate(failure);
        if (reason.isPresent()) {
            LOG.info("client {} was refused by serverTlsConfig.clientAuth: {}", client, reason.get());
        } else {
            LOG.debug("TLS handshake with client {} failed: {}", client, failure.toString());
        }
    }

    private static Optional<String> aboutCertificate(Throwable failure) {
        var message = String.valueOf(failure.getMessage());
        if (message.contains("client certificate chain")) {
            return Optional.of(message);
        }
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return Optional.of(String.valueOf(cause.getMessage()));
            }
        }
        return Optional.empty();
    }
}
