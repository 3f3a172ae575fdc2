package io.ociregistry.standalone.remote;

import io.ociregistry.access.AdminTokenFile;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.AdminConfig;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.jetty.StartException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The token that a command sends to a server.
 *
 * @param value the token; empty if the command sends none
 * @param remark an addition to the error of a server that refuses the command: the source of the token, or why none was
 *     sent
 */
record SentToken(Optional<String> value, String remark) {
    private static final Pattern ADDRESS = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+|\\[.*]");

    /** A token that the user gave to this command. */
    static SentToken given(String token, String place) {
        return new SentToken(Optional.of(token), "the command sent the token of " + place);
    }

    /**
     * The token of a server on this machine: that of the configuration, otherwise that in the image path. It is sent to
     * no other machine. An unreadable token is not an error, because the server may need none.
     */
    static SentToken forThisMachine(URI server, ServerConfig config) {
        if (!isThisMachine(server)) {
            return none("no token was sent, because " + server
                    + " is not localhost or an address of this machine; give the token with " + CliOption.TOKEN_FILE
                    + " or "
                    + RemoteServer.TOKEN_VARIABLE
                    + ". It is in the file admin-token of the server's image path, unless its configuration gives one");
        }
        AdminConfig admin = config.admin();
        return admin.token()
                .map(token -> given(token.reveal(), "admin.token of the configuration"))
                .orElseGet(() -> admin.tokenFile()
                        .map(file -> read(file, "admin.tokenFile of the configuration"))
                        .orElseGet(() ->
                                read(AdminTokenFile.pathIn(config.imagePath()), CliOption.IMAGE_PATH.toString())));
    }

    private static SentToken read(Path file, String namedBy) {
        try {
            String place = "the token file " + file;
            return given(RemoteServer.parseToken(Files.readString(file), place), place);
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "there is no such file" : CommandFailure.reason(e);
            return none("no token was sent, because the token file " + file + " cannot be read: " + reason
                    + ". Run the command as root or as the user of the server, check " + namedBy
                    + ", or give the token with " + CliOption.TOKEN_FILE + " or " + RemoteServer.TOKEN_VARIABLE);
        } catch (StartException e) {
            return none("no token was sent: " + e.getMessage());
        }
    }

    private static SentToken none(String remark) {
        return new SentToken(Optional.empty(), remark);
    }

    /**
     * Whether a URL certainly means this machine. A name other than localhost does not, because it may resolve to
     * another machine the next time.
     */
    static boolean isThisMachine(URI server) {
        String host = Objects.requireNonNullElse(server.getHost(), ""); // URI has no host for a name with an underscore
        if (!ADDRESS.matcher(host).matches()) {
            return host.equalsIgnoreCase("localhost");
        }
        try {
            InetAddress address = InetAddress.getByName(host);
            return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
        } catch (UnknownHostException | SocketException e) {
            return false;
        }
    }
}
