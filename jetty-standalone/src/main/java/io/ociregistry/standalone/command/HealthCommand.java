package io.ociregistry.standalone.command;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.ServerTlsConfig.ClientAuth;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import nl.altindag.ssl.util.TrustManagerUtils;

/**
 * {@code ociregistry health}: asks the server of this configuration on this machine for {@code /livez}, for containers
 * without a shell. It accepts every certificate, because it sends no secret and the certificate names another host. If
 * the server verifies clients, the check ends with the TLS handshake.
 */
public record HealthCommand(GivenOptions options) implements Action {
    private static final int TIMEOUT_MILLIS = 5000;
    private static final String REQUEST = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    private static final int STATUS_LINE_BYTES = "HTTP/1.1 200".length();

    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var config = options.load().config();
            var address = address(config);
            String name = address.getHostString() + ":" + address.getPort();
            try {
                String answer = ask(config, address);
                if (answer.endsWith(" 200")) {
                    out.println("the server on " + name + " is alive");
                    return 0;
                }
                err.println("ociregistry: the server on " + name + " answers /livez with: " + answer);
            } catch (IOException | GeneralSecurityException e) {
                err.println("ociregistry: the server on " + name + " does not answer: " + e.getMessage()
                        + "; check that it is running with this configuration");
            }
            return 1;
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        }
    }

    private static InetSocketAddress address(ServerConfig config) {
        var configured = new InetSocketAddress(config.host(), config.port());
        boolean everywhere =
                configured.isUnresolved() || configured.getAddress().isAnyLocalAddress();
        return everywhere ? new InetSocketAddress(InetAddress.getLoopbackAddress(), config.port()) : configured;
    }

    /** Returns the start of the answer, up to its status. */
    private static String ask(ServerConfig config, InetSocketAddress address)
            throws IOException, GeneralSecurityException {
        try (var socket = new Socket()) {
            socket.connect(address, TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            if (config.serverTlsConfig().cert().isEmpty()) {
                return ask(socket);
            }
            try (var secured = secured(socket, address)) {
                secured.startHandshake();
                return config.serverTlsConfig().clientAuth() == ClientAuth.VERIFY ? "TLS 200" : ask(secured);
            }
        }
    }

    private static String ask(Socket socket) throws IOException {
        socket.getOutputStream().write(REQUEST.getBytes(US_ASCII));
        return new String(socket.getInputStream().readNBytes(STATUS_LINE_BYTES), US_ASCII);
    }

    private static SSLSocket secured(Socket socket, InetSocketAddress address)
            throws IOException, GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {TrustManagerUtils.createUnsafeTrustManager()}, null);
        return (SSLSocket)
                context.getSocketFactory().createSocket(socket, address.getHostString(), address.getPort(), true);
    }
}
