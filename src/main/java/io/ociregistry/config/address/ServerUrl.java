package io.ociregistry.config.address;

import java.net.URI;
import java.util.regex.Pattern;

/** The grammar of the URL of an ociregistry: {@code http[s]://host[:port][/path]}, without user, query and escapes. */
public final class ServerUrl {
    private static final String PORT =
            "6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4}";
    /** A URL with any host name; {@link URI#getHost()} refuses names with an underscore. */
    private static final Pattern GRAMMAR =
            Pattern.compile("https?://(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(:(" + PORT + "))?(/[A-Za-z0-9._~/-]*)?");

    private ServerUrl() {}

    /** Parses a URL without the slashes at its end; the IllegalArgumentException says what to write. */
    public static URI parse(String text) {
        var bare = text.replaceAll("/+$", "");
        if (!GRAMMAR.matcher(bare).matches()) {
            throw new IllegalArgumentException("'" + text + "' is not the URL of a server, like http://localhost:8080");
        }
        return URI.create(bare);
    }
}
