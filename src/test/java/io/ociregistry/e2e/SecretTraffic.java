package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.e2e.SecretEverywhere.Proxied;
import io.ociregistry.e2e.SecretEverywhere.Way;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.Recorded;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The client traffic of a server with {@link SecretEverywhere}: accepted and refused requests, and pulls while its
 * upstreams and proxies accept, refuse and repeat its secrets.
 */
final class SecretTraffic implements AutoCloseable {
    private final SecretEverywhere configured;
    private final Secrets secrets;
    private final FatJar server;
    private final FakeUpstream storage = FakeUpstream.start();
    private final StringBuilder answers = new StringBuilder();
    private final String signature;
    private Optional<RawHttp> connection = Optional.empty();

    SecretTraffic(SecretEverywhere configured, Secrets secrets, FatJar server) {
        this.configured = configured;
        this.secrets = secrets;
        this.server = server;
        this.signature = secrets.token("the signature of a redirect");
    }

    /** All responses of the server. */
    String answers() {
        return answers.toString();
    }

    void all() throws IOException {
        for (String path : List.of("/livez", "/readyz", "/health", "/nothing?token=" + configured.clientsToken())) {
            ask("GET", path, "Authorization: Bearer " + configured.clientsToken());
        }
        for (String command : List.of(
                "/cmd/status", "/cmd/list/image", "/cmd/nothing", "/cmd/status?token=" + configured.adminToken())) {
            ask("GET", command, "Authorization: Bearer " + configured.adminToken());
            ask("GET", command, "Authorization: Bearer " + secrets.token("what an admin shows wrongly"));
        }
        clientsLogIn();
        for (Way way : configured.ways()) {
            goodPulls(way);
            badPulls(way);
        }
        for (String name : List.of("tls-password", "tls-env")) {
            assertEquals(200, pull(name + ".example", "0"), name);
            assertEquals(200, pull(name + "-mirrored.example", "0"), name);
        }
        pull("stranger.example", "0");
        for (Proxied way : configured.proxied()) {
            assertEquals(200, pull("r." + way.name() + ".example", "0"), way.name());
            assertEquals(200, pull(way.name() + "-mirrored.example", "0"), way.name());
            way.proxy().requireBasic("robot", "another").cut();
            pull("r." + way.name() + ".example", "1");
            pull(way.name() + "-mirrored.example", "1");
            way.proxy().die();
            pull("r." + way.name() + ".example", "2");
        }
    }

    private void clientsLogIn() throws IOException {
        String path = "/v2/team/app/manifests/0?ns=way-password.example";
        String wrong = secrets.token("what a client shows wrongly");
        assertEquals(200, ask("GET", path, "Authorization: Bearer " + configured.clientsToken()));
        assertEquals(200, ask("GET", path, "Authorization: " + Secrets.basic(configured.clientsPassword())));
        for (String shown : List.of("Bearer " + wrong, Secrets.basic(wrong), "Digest " + wrong, wrong, "")) {
            assertEquals(401, ask("GET", path, "Authorization: " + shown));
        }
        for (String query : List.of("&access_token=", "&token=", "&", "&n=", "&last=1;password=", "&ns=x@")) {
            ask("GET", path + query + configured.clientsToken());
            ask("GET", "/v2/team/app/tags/list?ns=way-password.example" + query + configured.clientsToken());
        }
        try (RawHttp http = connect()) {
            record(http.sendRaw(
                    "GET https://robot:%s@%s%s HTTP/1.1\r\nHost: %s\r\n\r\n"
                            .formatted(
                                    configured.clientsToken(),
                                    server.url().getAuthority(),
                                    path,
                                    server.url().getAuthority()),
                    false));
        }
        ask("GET", path, "Authorization : Bearer " + configured.clientsToken());
        ask("GET", path, "Authorization: Bearer " + configured.clientsToken() + "\u0001");
        ask("GET", path, "Authorization: Bearer " + configured.clientsToken().repeat(2000));
    }

    private void goodPulls(Way way) throws IOException {
        for (String host : way.hosts()) {
            way.up().requireBasic("robot", way.secret());
            assertEquals(way.isAccount(), pull(host, "0") == 200, host);
            way.up().requireBearer("robot", way.secret());
            assertEquals(way.isAccount(), pull(host, "1") == 200, host);
            redirects(way, host);
        }
    }

    private void redirects(Way way, String host) throws IOException {
        way.up().redirectBlobsTo(storage);
        String query = "?X-Amz-Signature=" + signature;
        List<String> targets = List.of(
                storage.url() + "/storage/" + way.images().get(1).layer(0) + query,
                "http://nowhere.invalid/" + query,
                "http://169.254.169.254/" + query,
                "ftp://x/" + query,
                "http://robot:" + signature + "@127.0.0.1:1/",
                "/x" + query + "<>",
                "https://127.0.0.1:1/" + query);
        for (String target : targets) {
            way.up().on(Match.blobs()).times(20, new Fault.RedirectTo(target));
            String blob = "/v2/team/app/blobs/" + way.images().get(1).layer(0) + "?ns=" + host;
            if (target.equals(targets.get(0))) {
                storage.on(Match.blobs()).once(Fault.status(403).body("no " + signature));
                storage.on(Match.blobs()).once(Fault.resetAfter(1000));
            }
            ask("HEAD", blob, "Authorization: Bearer " + configured.clientsToken());
            ask("GET", blob, "Authorization: Bearer " + configured.clientsToken());
            way.up().heal();
            storage.heal();
        }
    }

    private void badPulls(Way way) throws IOException {
        String repeated = way.secret() + " " + Secrets.basic(way.secret());
        String json = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" + Secrets.inJson(repeated) + "\"}]}";
        for (String host : way.hosts()) {
            way.up().requireBasic("robot", way.secret());
            for (Fault fault : List.of(
                    Fault.status(403).body(json),
                    Fault.status(404).body(json),
                    Fault.status(429).body(json),
                    Fault.status(200).body(repeated),
                    Fault.status(401)
                            .header("WWW-Authenticate", "Bearer realm=\"" + repeated + "\"")
                            .body(json),
                    Fault.status(307)
                            .header("Location", "https://robot:" + Secrets.inUrl(way.secret()) + "@nobody.invalid/"),
                    Fault.status(200)
                            .header("Warning", "299 - \"" + way.secret().replace("\"", "") + "\"")
                            .body(json),
                    Fault.status(500).body(json),
                    new Fault.CloseBeforeHeaders())) {
                way.up().on(Match.anything()).times(20, fault);
                pull(host, "2");
                ask("GET", "/v2/team/app/tags/list?ns=" + host, "Authorization: Bearer " + configured.clientsToken());
                way.up().heal();
            }
            way.up().requireBearer("robot", way.secret());
            for (Fault fault : List.of(
                    Fault.status(200).body("{\"token\":\"" + way.secret()),
                    Fault.status(200).body("{\"token\":\"" + way.secret() + "\\u0000\"}"),
                    Fault.status(400).body(json),
                    Fault.status(500).body(repeated))) {
                way.up().revokeTokens();
                way.up().on(Match.of(Recorded.Kind.TOKEN)).times(20, fault);
                pull(host, "3");
                way.up().heal();
            }
            way.up().requireBearer("robot", "another");
            pull(host, "4");
            way.up().requireBasic("robot", "another");
            pull(host, "5");
        }
    }

    private int pull(String host, String tag) throws IOException {
        return ask(
                "GET",
                "/v2/team/app/manifests/" + tag + "?ns=" + host,
                "Authorization: Bearer " + configured.clientsToken());
    }

    private int ask(String method, String path, String... headers) throws IOException {
        // All requests share a connection until the server closes it, because TLS handshakes would dominate the time.
        RawHttp http = connection.orElse(null);
        try {
            if (http == null) {
                http = connect();
            }
            var response = http.send(method, path, headers);
            int status = record(response);
            boolean over = !response.complete() || "close".equals(response.header("Connection"));
            connection = over ? Optional.empty() : Optional.of(http);
            if (over) {
                http.close();
            }
            return status;
        } catch (IOException e) {
            connection = Optional.empty();
            throw e;
        }
    }

    private RawHttp connect() throws IOException {
        return RawHttp.connectTls(server.url(), configured.authority().trusting());
    }

    private int record(RawHttp.Response response) throws IOException {
        answers.append(response).append(response.text()).append('\n');
        return response.status();
    }

    @Override
    public void close() throws IOException {
        // An idle connection would delay the stop.
        if (connection.isPresent()) {
            connection.get().close();
        }
        storage.close();
    }
}
