package io.ociregistry.standalone.jetty;

import io.ociregistry.common.Causes;
import java.security.cert.CertificateException;
import java.util.Optional;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.slf4j.LoggerFactory;

/**
 * Logs clients whose TLS handshake failed: they see a TLS alert at most, and their requests never reach the access log.
 */
final class HandshakeLog implements SslHandshakeListener {
    private final ClientLogLimit log =
            new ClientLogLimit(LoggerFactory.getLogger(HandshakeLog.class), System::nanoTime);

    @Override
    public void handshakeFailed(Event event, Throwable failure) {
        log.log(
                event.getEndPoint().getRemoteSocketAddress(),
                aboutCertificate(failure)
                        .map(reason -> "was refused by serverTlsConfig.clientAuth: " + reason)
                        .orElseGet(() -> "failed in the TLS handshake: " + failure.getMessage()));
    }

    private static Optional<String> aboutCertificate(Throwable failure) {
        var message = String.valueOf(failure.getMessage());
        if (message.contains("client certificate chain")) {
            return Optional.of(message);
        }
        return Causes.find(failure, CertificateException.class).map(cause -> String.valueOf(cause.getMessage()));
    }
}
