package io.ociregistry.e2e;

import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * A configuration with a different secret in every place that accepts one, and the upstreams and proxies that require
 * them.
 */
final class SecretEverywhere implements AutoCloseable {
    private static final int TAGS = 7;

    private final Path directory;
    private final Secrets secrets;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<Runnable> open = new ArrayList<>();
    private final List<Way> ways = new ArrayList<>();
    private final List<Proxied> proxied = new ArrayList<>();
    private final StringBuilder registries = new StringBuilder();
    private final TestCertificates authority = TestCertificates.create();
    private final FakeUpstream origin = opened(FakeUpstream.start());
    private final String clientsToken;
    private final String clientsPassword;
    private final String adminToken;

    SecretEverywhere(Path directory, Secrets secrets) {
        this.directory = directory;
        this.secrets = secrets;
        this.clientsToken = secrets.token("clients.tokenFile");
        this.clientsPassword = secrets.password("a client's password");
        this.adminToken = secrets.token("admin.tokenFile");
    }

    /** A way to log in to a registry, and to a mirror of another registry. */
    record Way(String name, String secret, FakeUpstream up, List<FakeImage> images, boolean isAccount) {
        List<String> hosts() {
            return List.of(name + ".example", name + "-mirrored.example");
        }
    }

    /** A way to log in to a proxy. */
    record Proxied(String name, ConnectProxy proxy) {}

    List<Way> ways() {
        return ways;
    }

    List<Proxied> proxied() {
        return proxied;
    }

    /** Returns the authority of the configured server's certificate. */
    TestCertificates authority() {
        return authority;
    }

    String clientsToken() {
        return clientsToken;
    }

    String clientsPassword() {
        return clientsPassword;
    }

    String adminToken() {
        return adminToken;
    }

    /** Returns the command prefix that runs a program with the secrets in the environment. */
    List<String> withEnvironment() {
        List<String> env = new ArrayList<>(List.of("env", "PATH=" + directory + ":/usr/bin:/bin"));
        environment.forEach((name, value) -> env.add(name + "=" + value));
        return env;
    }

    Configuration configuration() throws IOException {
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
        String hash = OpenBSDBCrypt.generate("2y", clientsPassword.toCharArray(), new byte[16], 4);
        secrets.remember("a hash of a password", hash.substring(29));
        return "clients:\n  token: '%s'\n  tokenFile: '%s'\n  htpasswd: '%s'\n"
                .formatted(
                        secrets.token("clients.token"),
                        file("clients-token", clientsToken),
                        file("htpasswd", "robot:" + hash));
    }

    private String admin() {
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

    /** A part of the configuration that contains a secret or the location of a secret. */
    private interface Yaml {
        String with(String secret);
    }

    /** A part of the configuration that also depends on the registry. */
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

    /** Writes a Docker configuration with credentials for the registry name and the mirror address. */
    private String docker(String name, FakeUpstream up, String field, String value) {
        String entry = "{\"%s\":\"%s\"}".formatted(field, value);
        String json = "{\"auths\":{\"%s.example\":%s,\"%s\":%s}}".formatted(name, entry, up.registry(), entry);
        return "dockerConfig: '" + file("config.json", json) + "'";
    }

    /** Writes a credential helper that prints the text after shell expansion. */
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

    /** Writes a list of images: some can be pulled, some cannot. */
    Path list() {
        ways.forEach(way -> way.up.requireBasic("robot", way.secret));
        StringBuilder list = new StringBuilder("nobody.invalid/team/app:0\n");
        ways.forEach(way -> way.hosts().forEach(host -> list.append(host).append("/team/app:0\n")));
        return file("images.txt", list.toString());
    }

    private FakeUpstream opened(FakeUpstream upstream) {
        open.add(upstream::close);
        return upstream;
    }

    private ConnectProxy opened(ConnectProxy proxy) {
        open.add(proxy::close);
        return proxy;
    }

    @Override
    public void close() {
        open.forEach(Runnable::run);
    }
}
