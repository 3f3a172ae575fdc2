package io.ociregistry.standalone;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.config.ServerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The admin API of a running server, as the commands use it that are told {@code --server}. */
final class RemoteServer {
    static final String TOKEN_VARIABLE = "OCIREGISTRY_TOKEN";
    /** What a header can carry. */
    private static final Pattern TOKEN = Pattern.compile("[!-~]+");

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int LONGEST_ERROR = 1 << 16;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final URI base;
    private final SentToken token;
    private final Optional<RemoteTrust> trust;
    private final HttpClient client;

    private RemoteServer(URI base, SentToken token, Optional<RemoteTrust> trust) {
        this.base = base;
        this.token = token;
        this.trust = trust;
        var builder = HttpClient.newBuilder().connectTimeout(CONNECT);
        trust.ifPresent(wanted -> builder.sslContext(wanted.context()));
        if (SentToken.isThisMachine(base)) {
            // Java's own rule sends requests for localhost to a proxy if http.nonProxyHosts does not name it.
            builder.proxy(HttpClient.Builder.NO_PROXY);
        }
        this.client = builder.build();
    }

    /**
     * The one that the options name, if they name one.
     *
     * @param config says where a server on this machine has its token
     */
    static Optional<RemoteServer> of(Settings settings, ServerConfig config) throws UsageException, StartException {
        var url = settings.get(Flag.SERVER);
        if (url.isEmpty()) {
            for (var flag : List.of(Flag.TOKEN_FILE, Flag.SERVER_CA)) {
                if (settings.get(flag).isPresent()) {
                    throw new UsageException(flag + " is for a server; add --server URL");
                }
            }
            return Optional.empty();
        }
        var base = base(url.get());
        var trust = RemoteTrust.of(base, settings.get(Flag.SERVER_CA));
        return Optional.of(new RemoteServer(base, token(settings, base, config), trust));
    }

    private static URI base(String url) throws UsageException {
        try {
            var uri = URI.create(url.replaceAll("/+$", ""));
            var isHttp = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (isHttp && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // As what is no URL of a server.
        }
        throw new UsageException("--server '" + url + "' is not the URL of a server, like http://localhost:8080");
    }

    private static SentToken token(Settings settings, URI base, ServerConfig config) throws StartException {
        var file = settings.get(Flag.TOKEN_FILE);
        if (file.isEmpty()) {
            var given = Optional.ofNullable(System.getenv(TOKEN_VARIABLE)).filter(value -> !value.isBlank());
            var place = "the variable " + TOKEN_VARIABLE;
            return given.isEmpty() ? SentToken.found(base, config) : SentToken.given(token(given.get(), place), place);
        }
        var place = "the token file " + file.get();
        try {
            return SentToken.given(token(Files.readString(Path.of(file.get())), place), place);
        } catch (IOException e) {
            throw new StartException("cannot use " + place + ": " + Failure.reason(e), e);
        }
    }

    /** The first line. What is none is not told: it may be another secret. */
    static String token(String text, String where) throws StartException {
        return text.lines()
                .findFirst()
                .map(String::strip)
                .filter(line -> TOKEN.matcher(line).matches())
                .orElseThrow(() -> new StartException("cannot use " + where + ": it begins with no token", null));
    }

    /** GETs JSON. The caller closes it. Whoever wants to know is told why it may not be all. */
    InputStream get(String path, Map<String, String> query, Consumer<String> warned) throws StartException {
        var response = send("GET", path, query, "");
        response.headers().allValues("Warning").forEach(warned);
        return response.body();
    }

    /** Does something, and gets JSON, as lines where it tells how it goes. The caller closes it. */
    InputStream post(String path, Map<String, String> query, String body) throws StartException {
        return send("POST", path, query, body).body();
    }

    private HttpResponse<InputStream> send(String method, String path, Map<String, String> query, String body)
            throws StartException {
        var request = HttpRequest.newBuilder(URI.create(base + path + text(query)))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .header("Accept", "application/json");
        token.value().ifPresent(value -> request.header("Authorization", "Bearer " + value));
        try {
            var response = client.send(request.build(), BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new StartException(
                        "the server at " + base + " refuses: " + reason(response) + remark(response), null);
            }
            return response;
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new StartException("cannot reach the server at " + base + "; " + question(e), e);
        } catch (IOException e) {
            throw failed(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("interrupted", e);
        }
    }

    /** What became of a connection that was lost. */
    StartException failed(IOException e) {
        var noTls = trust.flatMap(wanted -> wanted.reason(e));
        if (noTls.isPresent()) {
            return new StartException("no TLS connection to the server at " + base + ": " + noTls.get(), e);
        }
        // Java's client says it by a type only where enough came, and repeats the bytes where not.
        if (isCausedBy(ProtocolException.class, e)
                || String.valueOf(e.getMessage()).contains("status line")) {
            return new StartException(
                    "the server at " + base + " speaks no HTTP; is that port one with TLS? then write https://", e);
        }
        return new StartException("the connection to the server at " + base + " broke: " + e.getMessage(), e);
    }

    private static String question(IOException e) {
        return isCausedBy(UnresolvedAddressException.class, e)
                ? "is that its name? It can't be resolved"
                : "is it running there, and is that its (admin) port?";
    }

    private static boolean isCausedBy(Class<? extends Exception> kind, Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private static String text(Map<String, String> query) {
        return query.isEmpty()
                ? ""
                : query.entrySet().stream()
                        .map(entry ->
                                entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("&", "?", ""));
    }

    /** What became of the token, where the server refuses the one who asks. */
    private String remark(HttpResponse<InputStream> response) {
        return response.statusCode() == 401 || response.statusCode() == 403 ? "; " + token.remark() : "";
    }

    /** The message of an error as ours are, else the status. */
    private static String reason(HttpResponse<InputStream> response) throws IOException {
        try (var body = response.body()) {
            var message = JSON.readTree(body.readNBytes(LONGEST_ERROR))
                    .path("errors")
                    .path(0)
                    .path("message")
                    .asText("");
            return message.isEmpty() ? "status " + response.statusCode() : message;
        } catch (JsonProcessingException e) {
            return "status " + response.statusCode() + ", and nothing that an ociregistry would say";
        }
    }
}
