package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.KeyTable;
import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * All that a server, the commands and their files tell of a run at debug level, with a secret of its own in every place of the configuration
 * that can have one, with upstreams and proxies that take them, refuse them and repeat them: none of it has a secret in it.
 */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class SecretsIT {
    private static final int TAGS = 7;

    @TempDir
    Path directory;

    private final Secrets secrets = new Secrets();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<Way> ways = new ArrayList<>();
    private final List<Proxied> proxied = new ArrayList<>();
    private final StringBuilder registries = new StringBuilder();
    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream origin = opened(FakeUpstream.start());
    private final FakeUpstream storage = opened(FakeUpstream.start());
    private final StringBuilder answers = new StringBuilder();
    private final String signature = secrets.token("the signature of a redirect");
    private Optional<RawHttp> connection = Optional.empty();
    private String clientsToken = "";
    private String clientsPassword = "";
    private String adminToken = "";

    /** A way to log in: to a registry of its own, and to a mirror of another. */
    private record Way(String name, String secret, FakeUpstream up, List<FakeImage> images, boolean isAccount) {
        List<String> hosts() {
            return List.of(name + ".example", name + "-mirrored.example");
        }
    }

    /** A way to log in to a proxy. */
    private record Proxied(String name, ConnectProxy proxy) {}

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open) {
            closeable.close();
        }
    }

    @Test
    void noSecretIsToldByAnything() throws Exception {
        secrets.remember("a token of a token service", "fake-token-");
        Configuration configuration = configuration();
        var forgotten = new TreeSet<>(KeyTable.secrets());
        forgotten.removeAll(KeyTable.written(Files.readString(configuration.file())));
        assertEquals(List.of(), List.copyOf(forgotten), "secrets of the configuration that this test does not have");

        List<String> told = new ArrayList<>();
        String loaded = command(configuration.file(), "load", "--image-file", list().toString());
        assertTrue(loaded.contains("way-password.example/team/app:0"), loaded);
        told.addAll(secrets.toldIn("what load prints", loaded));
        try (FatJar server = FatJar.start(configuration, withEnvironment(), "debug")) {
            allThatClientsDo(server);
            server.terminate();
            told.addAll(secrets.toldIn("the console", String.join("\n", server.log())));
        }
        told.addAll(secrets.toldIn("answers", answers.toString()));
        told.addAll(secrets.toldIn("what list prints", command(configuration.file(), "list")));
        String log = Files.readString(directory.resolve("server.log"));
        assertTrue(log.contains(" DEBUG ") && log.contains("io.ociregistry.access"), log);
        told.addAll(secrets.toldIn("the log", log));
        told.addAll(toldInTheCache(configuration.imagePath()));
        assertEquals(List.of(), told);
    }

    @Test
    void norByTheMessagesOfMistakesNextToThem() throws Exception {
        environment.put("https_proxy", "https://edge:" + secrets.token("a proxy of the environment") + "@x");
        String printed = command(file("mistakes.yaml", mistakes()), "serve");
        assertTrue(printed.contains("registries[22]") && printed.contains("https_proxy"), printed);
        assertEquals(List.of(), secrets.toldIn("what serve prints", printed));
    }

    // The configuration.

    private Configuration configuration() throws IOException {
        addWay("way-password", true, (secret, up) -> "user: robot\npassword: '" + secret + "'");
        addWay("way-env", true, (secret, up) -> "user: robot\npasswordFromEnv: " + variable(secret));
        addWay("way-file", true, (secret, up) -> "user: robot\npasswordFile: '" + file("password", secret) + "'");
        addWay(
                "way-docker",
                true,
                (secret, up) ->
                        docker("way-docker", up, "auth", Secrets.basic(secret).substring(6)));
        addWay(
                "way-docker-token",
                false,
                (secret, up) -> docker("way-docker-token", up, "registrytoken", Secrets.inJson(secret)));
        addWay(
                "way-identity",
                false,
                (secret, up) -> docker("way-identity", up, "identitytoken", Secrets.inJson(secret)));
        addWay(
                "way-helper",
                true,
                (secret, up) -> "credentialHelper: "
                        + helper("'{\"Username\":\"robot\",\"Secret\":\"" + Secrets.inJson(secret) + "\"}'"));
        addWay(
                "way-helper-broken",
                false,
                (secret, up) -> "credentialHelper: " + helper("'" + secret + "' | tee /dev/stderr"));
        addWay("way-static", false, (secret, up) -> "token: {static: '" + secret + "'}");
        addTls("tls-password", secret -> "keyPassword: '" + secret + "'");
        addTls("tls-env", secret -> "keyPasswordFromEnv: " + variable(secret));
        addTlsToAStranger();
        addProxied("proxied-password", "", secret -> "user: robot\npassword: '" + secret + "'");
        addProxied("proxied-env", "", secret -> "user: robot\npasswordFromEnv: " + variable(secret));
        addProxied("proxied-file", "", secret -> "user: robot\npasswordFile: '" + file("password", secret) + "'");
        addProxied("proxied-url", "robot:%s@", secret -> "");
        addProxiedByEnvironment();
        return Configuration.in(directory, registries.toString())
                .with("logFile: '" + directory.resolve("server.log") + "'")
                .with("prefetch: false\npullTimeout: 1s\n" + clients() + admin() + serverTls());
    }

    private String clients() {
        clientsToken = secrets.token("clients.tokenFile");
        clientsPassword = secrets.password("a client's password");
        String hash = OpenBSDBCrypt.generate("2y", clientsPassword.toCharArray(), new byte[16], 4);
        secrets.remember("a hash of a password", hash.substring(29));
        return "clients:\n  token: '%s'\n  tokenFile: '%s'\n  htpasswd: '%s'\n"
                .formatted(
                        secrets.token("clients.token"),
                        file("clients-token", clientsToken),
                        file("htpasswd", "robot:" + hash));
    }

    private String admin() {
        adminToken = secrets.token("admin.tokenFile");
        return "admin:\n  token: '%s'\n  tokenFile: '%s'\n"
                .formatted(secrets.token("admin.token"), file("admin-token", adminToken));
    }

    private String serverTls() {
        TestCertificates.Client server = authority.client("127.0.0.1");
        String password = secrets.password("serverTlsConfig.keyPasswordFromEnv");
        return "serverTlsConfig:\n  cert: '%s'\n  key: '%s'\n  keyPassword: '%s'\n  keyPasswordFromEnv: %s\n"
                .formatted(
                        server.certPem(newDirectory()),
                        server.keyPem(newDirectory(), TestCertificates.KeyForm.ENCRYPTED_PKCS8, password),
                        secrets.password("serverTlsConfig.keyPassword"),
                        variable(password));
    }

    /** A part of the configuration that has a secret, or says where one is. */
    private interface Yaml {
        String with(String secret);
    }

    /** One that depends on the registry too. */
    private interface AuthYaml {
        String with(String secret, FakeUpstream up);
    }

    private void addWay(String name, boolean isAccount, AuthYaml auth) {
        String secret = isAccount ? secrets.password(name) : secrets.token(name);
        FakeUpstream up = opened(FakeUpstream.start());
        List<FakeImage> images = IntStream.range(0, TAGS)
                .mapToObj(tag ->
                        up.image("team/app", String.valueOf(tag)).layer(50_000).push())
                .toList();
        ways.add(new Way(name, secret, up, images, isAccount));
        String yaml = "auth:\n" + auth.with(secret, up).indent(2);
        addRegistry(name + ".example", "endpoint: " + up.url() + "\n" + yaml);
        addMirrored(name, "url: " + up.url() + "\n" + yaml);
    }

    private void addTls(String name, Yaml keyPassword) {
        FakeUpstream up = opened(FakeUpstream.startMutualTls(authority.server()));
        up.image("team/app", "0").layer(1000).push();
        String password = secrets.password(name);
        TestCertificates.Client client = authority.client("edge");
        String yaml = "tls:\n  ca: '%s'\n  cert: '%s'\n  key: '%s'\n"
                .formatted(
                        authority.caPem(newDirectory()),
                        client.certPem(newDirectory()),
                        client.keyPem(newDirectory(), TestCertificates.KeyForm.ENCRYPTED_PKCS8, password));
        yaml += keyPassword.with(password).indent(2);
        addRegistry(name + ".example", "endpoint: " + up.url() + "\n" + yaml);
        addMirrored(name, "url: " + up.url() + "\n" + yaml);
    }

    private void addTlsToAStranger() {
        FakeUpstream up = opened(FakeUpstream.startTls(TestCertificates.create().server()));
        addRegistry(
                "stranger.example",
                "endpoint: " + up.url() + "\nauth: {user: robot, password: '" + secrets.password("stranger") + "'}\n"
                        + "tls: {ca: '" + authority.caPem(newDirectory()) + "'}");
    }

    private void addProxied(String name, String inUrl, Yaml account) {
        String secret = secrets.password(name);
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server("r." + name + ".example")));
        up.image("team/app", "0").layer(1000).push();
        ConnectProxy proxy = opened(ConnectProxy.start());
        proxy.requireBasic("robot", secret).leadTo("r." + name + ".example:443", up);
        proxied.add(new Proxied(name, proxy));
        String yaml = "tls: {ca: '" + authority.caPem(newDirectory()) + "'}\nproxy:\n  url: http://"
                + inUrl.formatted(Secrets.inUrl(secret)) + "127.0.0.1:" + proxy.port() + "\n"
                + account.with(secret).indent(2);
        addRegistry("r." + name + ".example", yaml);
        addMirrored(name, "url: https://r." + name + ".example\n" + yaml);
    }

    private void addProxiedByEnvironment() {
        String secret = secrets.password("https_proxy");
        FakeUpstream up = opened(FakeUpstream.startTls(authority.server("r.by-environment.example")));
        up.image("team/app", "0").layer(1000).push();
        ConnectProxy proxy = opened(ConnectProxy.start());
        proxy.requireBasic("robot", secret).leadTo("r.by-environment.example:443", up);
        environment.put("https_proxy", "http://robot:" + Secrets.inUrl(secret) + "@127.0.0.1:" + proxy.port());
        proxied.add(new Proxied("by-environment", proxy));
        String yaml = "tls: {ca: '" + authority.caPem(newDirectory()) + "'}\n";
        addRegistry("r.by-environment.example", yaml);
        addMirrored("by-environment", "url: https://r.by-environment.example\n" + yaml);
    }

    private void addRegistry(String name, String yaml) {
        registries.append("- name: ").append(name).append('\n').append(yaml.indent(2));
    }

    private void addMirrored(String name, String mirror) {
        addRegistry(
                name + "-mirrored.example",
                "endpoint: " + origin.url() + "\nmirrors:\n- "
                        + mirror.indent(2).stripLeading());
    }

    /** Found by the name of the registry, and by the address of the mirror. */
    private String docker(String name, FakeUpstream up, String field, String value) {
        String entry = "{\"%s\":\"%s\"}".formatted(field, value);
        String json = "{\"auths\":{\"%s.example\":%s,\"%s\":%s}}".formatted(name, entry, up.registry(), entry);
        return "dockerConfig: '" + file("config.json", json) + "'";
    }

    /** A program that prints what the shell makes of that. */
    private String helper(String printed) {
        String name = "h" + environment.size() + open.size();
        Path program = directory.resolve("docker-credential-" + name);
        try {
            Files.writeString(program, "#!/bin/sh\nprintf '%s\\n' " + printed + "\n");
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return name;
    }

    private String variable(String secret) {
        String name = "SECRET_" + environment.size();
        environment.put(name, secret);
        return name;
    }

    private Path file(String name, String text) {
        try {
            return Files.writeString(newDirectory().resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path newDirectory() {
        try {
            return Files.createTempDirectory(directory, "d");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // What happens.

    /** Some that come, and some that do not. */
    private Path list() {
        ways.forEach(way -> way.up.requireBasic("robot", way.secret));
        StringBuilder list = new StringBuilder("nobody.invalid/team/app:0\n");
        ways.forEach(way -> way.hosts().forEach(host -> list.append(host).append("/team/app:0\n")));
        return file("images.txt", list.toString());
    }

    private void allThatClientsDo(FatJar server) throws IOException {
        for (String path : List.of("/livez", "/readyz", "/health", "/nothing?token=" + clientsToken)) {
            ask(server, "GET", path, "Authorization: Bearer " + clientsToken);
        }
        for (String command :
                List.of("/cmd/status", "/cmd/list/image", "/cmd/nothing", "/cmd/status?token=" + adminToken)) {
            ask(server, "GET", command, "Authorization: Bearer " + adminToken);
            ask(server, "GET", command, "Authorization: Bearer " + secrets.token("what an admin shows wrongly"));
        }
        clientsLogIn(server);
        for (Way way : ways) {
            goodPulls(server, way);
            badPulls(server, way);
        }
        for (String name : List.of("tls-password", "tls-env")) {
            assertEquals(200, pull(server, name + ".example", "0"), name);
            assertEquals(200, pull(server, name + "-mirrored.example", "0"), name);
        }
        pull(server, "stranger.example", "0");
        for (Proxied way : proxied) {
            assertEquals(200, pull(server, "r." + way.name + ".example", "0"), way.name);
            assertEquals(200, pull(server, way.name + "-mirrored.example", "0"), way.name);
            way.proxy.requireBasic("robot", "another").cut();
            pull(server, "r." + way.name + ".example", "1");
            pull(server, way.name + "-mirrored.example", "1");
            way.proxy.die();
            pull(server, "r." + way.name + ".example", "2");
        }
        // One that asks for nothing delays the stop.
        if (connection.isPresent()) {
            connection.get().close();
        }
    }

    private void clientsLogIn(FatJar server) throws IOException {
        String path = "/v2/team/app/manifests/0?ns=way-password.example";
        String wrong = secrets.token("what a client shows wrongly");
        assertEquals(200, ask(server, "GET", path, "Authorization: Bearer " + clientsToken));
        assertEquals(200, ask(server, "GET", path, "Authorization: " + Secrets.basic(clientsPassword)));
        for (String shown : List.of("Bearer " + wrong, Secrets.basic(wrong), "Digest " + wrong, wrong, "")) {
            assertEquals(401, ask(server, "GET", path, "Authorization: " + shown));
        }
        for (String query : List.of("&access_token=", "&token=", "&", "&n=", "&last=1;password=", "&ns=x@")) {
            ask(server, "GET", path + query + clientsToken);
            ask(server, "GET", "/v2/team/app/tags/list?ns=way-password.example" + query + clientsToken);
        }
        try (RawHttp http = connect(server)) {
            record(http.sendRaw(
                    "GET https://robot:%s@%s%s HTTP/1.1\r\nHost: %s\r\n\r\n"
                            .formatted(
                                    clientsToken,
                                    server.url().getAuthority(),
                                    path,
                                    server.url().getAuthority()),
                    false));
        }
        ask(server, "GET", path, "Authorization : Bearer " + clientsToken);
        ask(server, "GET", path, "Authorization: Bearer " + clientsToken + "\u0001");
        ask(server, "GET", path, "Authorization: Bearer " + clientsToken.repeat(2000));
    }

    private void goodPulls(FatJar server, Way way) throws IOException {
        for (String host : way.hosts()) {
            way.up.requireBasic("robot", way.secret);
            assertEquals(way.isAccount, pull(server, host, "0") == 200, host);
            way.up.requireBearer("robot", way.secret);
            assertEquals(way.isAccount, pull(server, host, "1") == 200, host);
            redirects(server, way, host);
        }
    }

    private void redirects(FatJar server, Way way, String host) throws IOException {
        way.up.redirectBlobsTo(storage);
        String query = "?X-Amz-Signature=" + signature;
        List<String> targets = List.of(
                storage.url() + "/storage/" + way.images.get(1).layer(0) + query,
                "http://nowhere.invalid/" + query,
                "http://169.254.169.254/" + query,
                "ftp://x/" + query,
                "http://robot:" + signature + "@127.0.0.1:1/",
                "/x" + query + "<>",
                "https://127.0.0.1:1/" + query);
        for (String target : targets) {
            way.up.on(Match.blobs()).times(20, new Fault.RedirectTo(target));
            String blob = "/v2/team/app/blobs/" + way.images.get(1).layer(0) + "?ns=" + host;
            if (target.equals(targets.get(0))) {
                storage.on(Match.blobs()).once(Fault.status(403).body("no " + signature));
                storage.on(Match.blobs()).once(Fault.resetAfter(1000));
            }
            ask(server, "HEAD", blob, "Authorization: Bearer " + clientsToken);
            ask(server, "GET", blob, "Authorization: Bearer " + clientsToken);
            way.up.heal();
            storage.heal();
        }
    }

    private void badPulls(FatJar server, Way way) throws IOException {
        String repeated = way.secret + " " + Secrets.basic(way.secret);
        String json = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"" + Secrets.inJson(repeated) + "\"}]}";
        for (String host : way.hosts()) {
            way.up.requireBasic("robot", way.secret);
            for (Fault fault : List.of(
                    Fault.status(403).body(json),
                    Fault.status(404).body(json),
                    Fault.status(429).body(json),
                    Fault.status(200).body(repeated),
                    Fault.status(401)
                            .header("WWW-Authenticate", "Bearer realm=\"" + repeated + "\"")
                            .body(json),
                    Fault.status(307)
                            .header("Location", "https://robot:" + Secrets.inUrl(way.secret) + "@nobody.invalid/"),
                    Fault.status(200)
                            .header("Warning", "299 - \"" + way.secret.replace("\"", "") + "\"")
                            .body(json),
                    Fault.status(500).body(json),
                    new Fault.CloseBeforeHeaders())) {
                way.up.on(Match.anything()).times(20, fault);
                pull(server, host, "2");
                ask(server, "GET", "/v2/team/app/tags/list?ns=" + host, "Authorization: Bearer " + clientsToken);
                way.up.heal();
            }
            way.up.requireBearer("robot", way.secret);
            for (Fault fault : List.of(
                    Fault.status(200).body("{\"token\":\"" + way.secret),
                    Fault.status(200).body("{\"token\":\"" + way.secret + "\\u0000\"}"),
                    Fault.status(400).body(json),
                    Fault.status(500).body(repeated))) {
                way.up.revokeTokens();
                way.up.on(Match.of(Recorded.Kind.TOKEN)).times(20, fault);
                pull(server, host, "3");
                way.up.heal();
            }
            way.up.requireBearer("robot", "another");
            pull(server, host, "4");
            way.up.requireBasic("robot", "another");
            pull(server, host, "5");
        }
    }

    private int pull(FatJar server, String host, String tag) throws IOException {
        return ask(
                server,
                "GET",
                "/v2/team/app/manifests/" + tag + "?ns=" + host,
                "Authorization: Bearer " + clientsToken);
    }

    private int ask(FatJar server, String method, String path, String... headers) throws IOException {
        // One connection for all, until the server ends it: a handshake for each costs more than all else.
        RawHttp http = connection.orElse(null);
        try {
            if (http == null) {
                http = connect(server);
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

    private RawHttp connect(FatJar server) throws IOException {
        return RawHttp.connectTls(server.url(), authority.trusting());
    }

    private int record(RawHttp.Response response) throws IOException {
        answers.append(response).append(response.text()).append('\n');
        return response.status();
    }

    // What is told.

    private List<String> toldInTheCache(Path images) throws IOException {
        List<String> told = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(images)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        assertTrue(files.size() > ways.size(), files::toString);
        for (Path file : files) {
            told.addAll(secrets.toldIn(
                    file.toString(), file + " " + new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)));
        }
        return told;
    }

    private String command(Path configuration, String command, String... options) {
        List<String> line = new ArrayList<>(withEnvironment());
        line.addAll(List.of(Java.executable(), "-jar", FatJar.artifact().toString(), command));
        line.addAll(List.of("--config-file", configuration.toString(), "--log-level", "debug"));
        line.addAll(List.of(options));
        try (Program program = Program.start("secrets-" + command, Map.of(), line)) {
            int status = program.awaitEnd();
            if (command.equals("serve")) {
                assertNotEquals(0, status, program.log());
            }
            return program.log();
        }
    }

    private List<String> withEnvironment() {
        List<String> env = new ArrayList<>(List.of("env", "PATH=" + directory + ":/usr/bin:/bin"));
        environment.forEach((name, value) -> env.add(name + "=" + value));
        return env;
    }

    /** What is wrong stands next to a secret, or is one in the wrong place. */
    private String mistakes() {
        StringBuilder yaml = new StringBuilder();
        int[] number = {0};
        for (String entry : List.of(
                "endpoint: 'https://robot:SECRET@127.0.0.1'",
                "endpoint: 'https://127.0.0.1/?token=SECRET'",
                "auth: {user: robot, password:SECRET}",
                "auth: 'robot:SECRET'",
                "auth: {token: 'SECRET'}",
                "auth: {token: {static: ['SECRET']}}",
                "auth: {token: {provider: 'SECRET'}}",
                "auth: {token: {provider: ecr, providerOpts: 'SECRET'}}",
                "auth: {user: robot, password: {x: 'SECRET'}}",
                "auth: {user: robot, passwordFromEnv: '+SECRET'}",
                "auth: {user: robot, password: x, realm: 'https://robot:SECRET@x/token'}",
                "auth: {credentialHelper: '/SECRET'}",
                "auth: {password: 'SECRET'}",
                "auth: {user: robot, password: 'SECRET', dockerConfig: /x, passwordFile: /y}",
                "proxy: 'https://robot:SECRET@x'",
                "proxy: {url: 'http://robot:SECRET@x', user: robot, password: 'SECRET'}",
                "mirrors: ['https://robot:SECRET@x']",
                "mirrors: [{url: 'https://robot:SECRET@x'}]",
                "tls: {keyPassword: 'SECRET'}",
                "tls: {keyPasswordFromEnv: '-SECRET', key: x}",
                "aliases: ['robot:SECRET@x']",
                "scheme: 'https://robot:SECRET@x'")) {
            String secret = secrets.token(entry);
            yaml.append("- name: r%d.example\n  %s\n".formatted(number[0]++, entry.replace("SECRET", secret)));
        }
        return "registries:\n- name: 'robot:%s@x'\n%sclients: {token: {x: '%s'}}\nserverTlsConfig: {keyPassword: '%s'}\ndefaultNs: 'robot:%s@x'\n"
                .formatted(
                        secrets.token("a name"),
                        yaml,
                        secrets.token("clients.token"),
                        secrets.token("serverTlsConfig.keyPassword"),
                        secrets.token("defaultNs"));
    }
}
