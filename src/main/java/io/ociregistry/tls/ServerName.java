package io.ociregistry.tls;

import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.StandardConstants;

/**
 * The name of a server in a TLS handshake (server name indication, RFC 6066 section 3).
 *
 * <p>Java sends a name only if it has a dot inside and no underscore. Ingresses choose the certificate by the name, so
 * every name is sent. IP addresses are not names and are not sent.
 *
 * @param host the host without a trailing dot; the certificate must be for this name or address
 */
public record ServerName(String host) {
    /** Returns the server name for the host of a URL; IPv6 addresses have no brackets. */
    public static ServerName of(String host) {
        return new ServerName(host.endsWith(".") ? host.substring(0, host.length() - 1) : host);
    }

    /** Sets the name that a socket sends in its handshake. Call it before the handshake. */
    public void applyTo(SSLSocket socket) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(isAddress() ? List.of() : List.of(new AsWritten(host)));
        socket.setSSLParameters(parameters);
    }

    /** Returns false if Java's own verification rejects the name in every certificate, as it does with underscores. */
    public boolean isVerifiableByJava() {
        try {
            return isAddress() || new SNIHostName(host).getType() == StandardConstants.SNI_HOST_NAME;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private boolean isAddress() {
        return host.indexOf(':') >= 0 || host.matches("[0-9.]*");
    }

    /** A name that is sent unchecked; {@link SNIHostName} rejects names that break the rules for domain names. */
    private static final class AsWritten extends SNIServerName {
        AsWritten(String host) {
            super(StandardConstants.SNI_HOST_NAME, host.getBytes(StandardCharsets.UTF_8));
        }
    }
}
