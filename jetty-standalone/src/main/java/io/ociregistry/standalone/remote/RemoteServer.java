package io.ociregistry.standalone.remote;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.common.BuildInfo;
import io.ociregistry.common.Environment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.address.ServerUrl;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.upstream.net.SniSocketStrategy;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.routing.SystemDefaultRoutePlanner;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.util.Timeout;

/** A client of a running server's admin API, for commands with {@code --server}. */
public final class RemoteServer {
    static final String TOKEN_VARIABLE = "OCIREGISTRY_TOKEN";
    /** The characters that a header can carry. */
    private static final Pattern TOKEN = Pattern.compile("[!-~]+");

    private static final Timeout CONNECT = Timeout.ofSeconds(10);
    private static final Timeout READINESS = Timeout.ofSeconds(10);
    private static final int MAX_ERROR_BYTES = 1 << 16;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final URI base;
    private final SentToken token;
    private final Optional<RemoteTrust> trust;
    private final CloseableHttpClient client;

    private RemoteServer(URI base, SentToken token, Optional<RemoteTrust> trust, CloseableHttpClient client) {
        this.base = base;
        this.token = token;
        this.trust = trust;
        this.client = client;
    }

    private static CloseableHttpClient client(URI base, Optional<RemoteTrust> trust, Timeout answer) {
        var connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(CONNECT)
                        .setSocketTimeout(answer)
                        .build());
        trust.ifPresent(wanted -> connections.setTlsSocketStrategy(new SniSocketStrategy(wanted.context(), true)));
        var client = HttpClients.custom()
                .setConnectionManager(connections.build())
                .setUserAgent("ociregistry/" + BuildInfo.read().version())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching();
        if (!SentToken.isThisMachine(base)) {
            client.setRoutePlanner(new SystemDefaultRoutePlanner(ProxySelector.getDefault()));
        }
        return client.build();
    }

    /**
     * Makes a client of the server that {@code --server} names; empty without that option.
     *
     * @param config the configuration that locates the token of a server on this machine
     */
    public static Optional<RemoteServer> of(GivenOptions options, ServerConfig config)
            throws UsageException, StartException {
        var url = options.get(CliOption.SERVER);
        if (url.isEmpty()) {
            for (var option : List.of(CliOption.TOKEN_FILE, CliOption.SERVER_CA)) {
                if (options.get(option).isPresent()) {
                    throw new UsageException(option + " needs a server; add --server URL");
                }
            }
            return Optional.empty();
        }
        var base = base(url.get());
        var trust = RemoteTrust.of(base, CliOption.SERVER_CA, options);
        // Without a timeout for answers: reading a large cache for the first time takes long.
        var client = client(base, trust, Timeout.DISABLED);
        return Optional.of(new RemoteServer(base, tokenToSend(options, base, config), trust, client));
    }

    /**
     * Returns normally if a server can serve images. Sends no token.
     *
     * @param url the URL of the server
     * @param ca the option with the CA certificates that verify the server
     */
    public static void checkReady(String url, CliOption ca, GivenOptions options)
            throws UsageException, StartException {
        var base = base(url);
        var trust = RemoteTrust.of(base, ca, options);
        try (var client = client(base, trust, READINESS)) {
            var server = new RemoteServer(base, new SentToken(Optional.empty(), ""), trust, client);
            server.get("/readyz", Map.of(), warning -> {}).close();
        } catch (IOException e) {
            throw new StartException("the connection to the server at " + base + " failed: " + e.getMessage(), e);
        }
    }

    private static URI base(String url) throws UsageException {
        try {
            return ServerUrl.parse(url);
        } catch (IllegalArgumentException e) {
            throw new UsageException(CliOption.SERVER + " " + e.getMessage());
        }
    }

    private static SentToken tokenToSend(GivenOptions options, URI base, ServerConfig config) throws StartException {
        var file = options.get(CliOption.TOKEN_FILE);
        if (file.isEmpty()) {
            var given = variable().filter(value -> !value.isBlank());
            var place = "the variable " + TOKEN_VARIABLE;
            return given.isEmpty()
                    ? SentToken.forThisMachine(base, config)
                    : SentToken.given(parseToken(given.get(), place), place);
        }
        var place = "the token file " + file.get();
        try {
            return SentToken.given(parseToken(Files.readString(Path.of(file.get())), place), place);
        } catch (IOException e) {
            throw new StartException("cannot use " + place + ": " + CommandFailure.reason(e), e);
        }
    }

    private static Optional<String> variable() throws StartException {
        try {
            return Environment.ofThisProcess().get(TOKEN_VARIABLE);
        } catch (IllegalArgumentException e) {
            throw new StartException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Returns the first line. The message does not quote an invalid token, which may be another secret. */
    static String parseToken(String text, String where) throws StartException {
        return text.lines()
                .findFirst()
                .map(String::strip)
                .filter(line -> TOKEN.matcher(line).matches())
                .orElseThrow(() -> new StartException("cannot use " + where + ": its first line is not a token", null));
    }

    /**
     * Requests JSON by GET. The caller closes the answer.
     *
     * @param warned gets warnings of the server that the answer may be incomplete
     */
    public InputStream get(String path, Map<String, String> query, Consumer<String> warned) throws StartException {
        var answer = send("GET", path, query, "");
        for (Header warning : answer.response.getHeaders("Warning")) {
            warned.accept(warning.getValue());
        }
        return answer.body;
    }

    /**
     * Requests JSON by GET; the caller closes it.
     *
     * @throws IOException if the connection fails
     */
    InputStream getOrFail(String path) throws IOException, StartException {
        try {
            return execute(request("GET", path, Map.of())).body;
        } catch (HttpException e) {
            throw cannotAsk(e);
        }
    }

    /** Requests an action by POST; the answer is JSON, or lines of JSON with its progress. The caller closes it. */
    InputStream post(String path, Map<String, String> query, String body) throws StartException {
        return send("POST", path, query, body).body;
    }

    /** The current time by the clock of the server. */
    public Instant now() throws StartException {
        var answer = send("GET", "/cmd/status", Map.of(), "");
        try (answer.body) {
            var date = DateUtils.parseStandardDate(answer.response, "Date");
            return date == null ? Instant.now() : date;
        } catch (IOException e) {
            throw connectionFailure(e);
        }
    }

    /**
     * Sends a stream by POST, as {@link #post} does, after the server has agreed to receive it.
     *
     * @throws IOException if the connection fails, so that the rest can be sent later
     */
    InputStream postStream(String path, Map<String, String> query, InputStream content, long length)
            throws IOException, StartException {
        var request = request("POST", path, query);
        // A server that refuses the content says so, instead of breaking the connection.
        request.setConfig(RequestConfig.custom().setExpectContinueEnabled(true).build());
        request.setEntity(new InputStreamEntity(content, length, null));
        try {
            return execute(request).body;
        } catch (HttpException e) {
            throw cannotAsk(e);
        }
    }

    private record Answer(ClassicHttpResponse response, InputStream body) {}

    private HttpUriRequestBase request(String method, String path, Map<String, String> query) {
        var request = new HttpUriRequestBase(method, URI.create(base + path + text(query)));
        request.setHeader("Accept", "application/json");
        token.value().ifPresent(value -> request.setHeader("Authorization", "Bearer " + value));
        return request;
    }

    private Answer execute(HttpUriRequestBase request) throws IOException, HttpException, StartException {
        var response = client.executeOpen(RoutingSupport.determineHost(request), request, null);
        var answer = new Answer(response, body(request, response));
        if (response.getCode() != 200) {
            throw new StartException(
                    "the server at " + base + " refused the request: " + reason(answer) + remark(response), null);
        }
        return answer;
    }

    private StartException cannotAsk(HttpException e) {
        return new StartException("cannot ask the server at " + base + ": " + e.getMessage(), e);
    }

    private Answer send(String method, String path, Map<String, String> query, String body) throws StartException {
        var request = request(method, path, query);
        if (method.equals("POST")) {
            request.setEntity(new ByteArrayEntity(body.getBytes(StandardCharsets.UTF_8), null));
        }
        try {
            return execute(request);
        } catch (ConnectException | ConnectTimeoutException | UnknownHostException e) {
            throw new StartException("cannot reach the server at " + base + ": " + unreachable(e), e);
        } catch (IOException e) {
            throw connectionFailure(e);
        } catch (HttpException e) {
            throw cannotAsk(e);
        }
    }

    /** A stream whose close aborts the connection; closing only the response would read the rest of the body. */
    private static InputStream body(HttpUriRequestBase request, ClassicHttpResponse response) throws IOException {
        var entity = response.getEntity();
        return new FilterInputStream(entity == null ? InputStream.nullInputStream() : entity.getContent()) {
            @Override
            public void close() throws IOException {
                request.cancel();
                response.close();
            }
        };
    }

    public StartException connectionFailure(IOException e) {
        var noTls = trust.flatMap(wanted -> wanted.reason(e));
        if (noTls.isPresent()) {
            return new StartException("no TLS connection to the server at " + base + ": " + noTls.get(), e);
        }
        if (e instanceof ClientProtocolException || e instanceof NoHttpResponseException) {
            return new StartException(
                    "the server at " + base + " does not speak HTTP; if the port uses TLS, write https://", e);
        }
        return new StartException("the connection to the server at " + base + " failed: " + e.getMessage(), e);
    }

    private static String unreachable(IOException e) {
        return e instanceof UnknownHostException
                ? "its name cannot be resolved; correct --server"
                : "no program listens there; check that the server is running and that this is its (admin) port";
    }

    private static String text(Map<String, String> query) {
        return query.isEmpty()
                ? ""
                : query.entrySet().stream()
                        .map(entry ->
                                entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("&", "?", ""));
    }

    /** The remark on the token, if the server refused the request because of it. */
    private String remark(ClassicHttpResponse response) {
        return response.getCode() == 401 || response.getCode() == 403 ? "; " + token.remark() : "";
    }

    /** The message of an OCI error in JSON; otherwise the status. */
    private static String reason(Answer answer) {
        try (var body = answer.body) {
            var message = JSON.readTree(body.readNBytes(MAX_ERROR_BYTES))
                    .path("errors")
                    .path(0)
                    .path("message")
                    .asText("");
            return message.isEmpty() ? "status " + answer.response.getCode() : message;
        } catch (JsonProcessingException e) {
            return "status " + answer.response.getCode() + ", and the body is not an error of an ociregistry";
        } catch (IOException e) {
            return "status " + answer.response.getCode(); // reading the body failed, but the status is known
        }
    }
}
