package io.ociregistry.upstream.net;

import io.ociregistry.tls.ServerName;
import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.DefaultHostnameVerifier;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.protocol.HttpContext;

/**
 * Sends the server name in every TLS handshake, and verifies that the certificate is for that name. Thread-safe.
 *
 * @param verifyHostname false to accept a certificate for any name
 */
public record SniSocketStrategy(SSLContext context, boolean verifyHostname) implements TlsSocketStrategy {
    @Override
    public SSLSocket upgrade(Socket socket, String target, int port, Object attachment, HttpContext http)
            throws IOException {
        ServerName name = ServerName.of(target);
        return new Handshake(context, name, policy(name), verifier())
                .upgrade(socket, name.host(), port, attachment, http);
    }

    private HostnameVerificationPolicy policy(ServerName name) {
        return verifyHostname && name.isVerifiableByJava()
                ? HostnameVerificationPolicy.BOTH
                : HostnameVerificationPolicy.CLIENT;
    }

    private HostnameVerifier verifier() {
        // Never null, because HttpClient 5.6 verifies no host name without a verifier.
        return verifyHostname ? new DefaultHostnameVerifier() : NoopHostnameVerifier.INSTANCE;
    }

    private static final class Handshake extends DefaultClientTlsStrategy {
        private final ServerName name;

        Handshake(SSLContext context, ServerName name, HostnameVerificationPolicy policy, HostnameVerifier verifier) {
            super(context, policy, verifier);
            this.name = name;
        }

        @Override
        protected void initializeSocket(SSLSocket socket) {
            name.applyTo(socket);
        }
    }
}
