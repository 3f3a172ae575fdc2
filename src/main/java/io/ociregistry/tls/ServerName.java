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
 * it is sent whatever it looks like. Addresses are no names and are not sent.
 *
 * @param host the host without a dot at its end; the certificate has to be for this name or address
 */
public record ServerName(String host) {
    /** The name of a host as a URL writes it, or an IPv6 address without brackets. */
    public static ServerName of(String host) {
        return new ServerName(host.endsWith(".") ? host.substring(0, host.length() - 1) : host);
    }

    /** Sends the name in the handshake of a socket that is not connected by TLS yet. */
    public void sendBy(SSLSocket socket) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(isAddress() ? List.of() : List.of(new AsWritten(host)));
        socket.setSSLParameters(parameters);
    }

    /** False if Java's own verification refuses the name in every certificate: it takes no underscores. */
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

    /** {@link SNIHostName} refuses names that break the rules of internationalized names. */
    private static final class AsWritten extends SNIServerName {
        AsWritten(String host) {
            super(StandardConstants.SNI_HOST_NAME, host.getBytes(StandardCharsets.UTF_8));
        }
    }
}
