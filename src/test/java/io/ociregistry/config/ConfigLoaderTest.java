package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.config.ServerConfig.LogLevel;
import io.ociregistry.config.ServerConfig.UnlistedRegistries;
import io.ociregistry.config.address.Endpoint.Scheme;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.Limits;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.Key;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {
    private final ConfigLoader loader =
            new ConfigLoader(name -> Optional.ofNullable(Map.of("PW", "geheim").get(name)));

    @TempDir
    Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"", "\n# nothing\n", "---\n", "~", "{}", "port:\nhost: ''\nregistries:\n"})
    void fileWithoutValuesGivesDefaults(String yaml) throws Exception {
        var config = parse(yaml).config();
        for (Key<?> key : ServerKeys.ALL) {
            assertEquals(key.fallback(), config.get(key), key.name());
        }
        assertEquals(List.of(), parse(yaml).warnings());
    }

    @Test
    void mappingIsRead() throws Exception {
        var config = parse("""
            logLevel: INFO
            imagePath: /data
            port: "9090"
            pullTimeout: 5000
            maxManifestBytes: 8MiB
            airGapped: true
            defaultNs: Docker.io
            unlistedRegistries: deny
            timeouts: {answer: 2s}
            cache: {negativeTtl: 3s}
            registries:
            - name: Quay.IO
              aliases: [quay.local:5000]
              endpoint: http://10.0.0.1:5000/
              auth: {user: me, passwordFromEnv: PW, password: other}
              tls: {ca: /ca.crt, cert: /c, key: /k, keyPasswordFromEnv: PW, keyPassword: other,
                insecureSkipVerify: true}
              limits: {bandwidth: 2MiB}
            """).config();
        assertEquals(LogLevel.INFO, config.logLevel());
        assertEquals(Path.of("/data"), config.imagePath());
        assertEquals(9090, config.port());
        assertEquals(Duration.ofSeconds(5), config.pullTimeout());
        assertEquals(8 << 20, config.maxManifestBytes());
        assertTrue(config.airGapped());
        assertEquals(Optional.of("docker.io"), config.defaultNs());
        assertEquals(UnlistedRegistries.DENY, config.unlistedRegistries());
        assertEquals(Duration.ofSeconds(2), config.timeouts().answer());
        assertEquals(Timeouts.DEFAULT.stall(), config.timeouts().stall());
        assertEquals(Duration.ofSeconds(3), config.cache().negativeTtl());
        var quay = config.registries().get(0);
        assertEquals(new Limits(8, Optional.of(2L << 20)), quay.limits());
        assertEquals("quay.io", quay.name());
        assertEquals(List.of("quay.local:5000"), quay.aliases());
        assertEquals(Optional.of(URI.create("http://10.0.0.1:5000")), quay.endpoint());
        assertEquals(Scheme.HTTP, quay.scheme());
        assertEquals(AuthConfig.basic("me", "geheim"), quay.auth());
        assertEquals(Optional.of(Path.of("/ca.crt")), quay.tls().ca());
        assertEquals("geheim", quay.tls().keyPassword().orElseThrow().reveal());
        assertFalse(quay.toString().contains("geheim"), quay.toString());
        assertTrue(quay.tls().insecureSkipVerify());
    }

    @Test
    void listAtTopLevelIsRegistries() throws Exception {
        var config = parse("""
            - name: a.example.io
              description: one
              auth: {}
              tls: {}
            - name: b.example.io:5000
              scheme: http
            """).config();
        assertEquals(
                List.of(
                        new UpstreamConfig(
                                "a.example.io",
                                Optional.of("one"),
                                Scheme.HTTPS,
                                Optional.empty(),
                                List.of(),
                                List.of(),
                                Limits.DEFAULT,
                                AuthConfig.ANONYMOUS,
                                TlsConfig.DEFAULT,
                                ProxyConfig.FROM_ENVIRONMENT,
                                List.of()),
                        UpstreamConfig.of("b.example.io:5000").withScheme(Scheme.HTTP)),
                config.registries());
    }

    @Test
    void allProblemsAreReportedWithTheirLines() {
        assertEquals(
                List.of(
                        "c.yaml:1: prot: unknown key; did you mean port?",
                        "c.yaml:2: airGapped: 'perhaps' is neither true nor false",
                        "c.yaml:4: registries[0].name: '*.io' matches too many registries; write a wildcard for one"
                                + " domain, for example *.corp.example",
                        "c.yaml:6: registries[0].tls.cert: has no effect alone; add key or remove it",
                        "c.yaml:8: registries[1].auth.passwordFromEnv: the environment variable NOPE is not set;"
                                + " set it"),
                problems("""
                    prot: 80
                    airGapped: perhaps
                    registries:
                    - name: "*.io"
                      tls:
                        cert: /c
                    - name: b
                      auth: {user: u, passwordFromEnv: NOPE}
                    """));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "port: eighty               | 1: port: 'eighty' is not a whole number from 0 to 65535",
                "port: 65536                | 1: port: '65536' is not a whole number from 0 to 65535",
                "port: [1]                  | 1: port: is a sequence, but must be a single value",
                "registries: {}             | 1: registries: is a mapping, but must be a list",
                "registries: [x]            | 1: registries[0]: is a scalar, but must be a mapping of keys to values",
                "registries: [{}]           | 1: registries[0].name: is missing; write host[:port]",
                "registries: [~]            | 1: registries[0]: is empty; remove it or give it a value",
                "timeouts: {stall: 10}      | 1: timeouts.stall: '10' is not a duration; write for example 500ms,"
                        + " 10s, 1h30m or 30d",
                "timeouts: {stall: 0s}      | 1: timeouts.stall: '0s' is too short; write for example 10s",
                "logLevel: trace            | 1: logLevel: 'trace' is not one of [debug, warn, info, error]",
                "maxManifestBytes: 1GB      | 1: maxManifestBytes: '1GB' is not a size from 1 to 67108864 bytes",
                "rateLimitStatus: 418       | 1: rateLimitStatus: '418' must be 429 or 503",
                "cache: {negativeTtl: 10}   | 1: cache.negativeTtl: '10' is not a duration; write for example"
                        + " 500ms, 10s, 1h30m or 30d",
                "[{name: a, limits: {downloads: 0}}]   | 1: registries[0].limits.downloads: '0' is not a whole"
                        + " number from 1 to 256",
                "[{name: a, limits: {bandwidth: 1KB}}] | 1: registries[0].limits.bandwidth: '1KB' is not a size"
                        + " from 1024 to 1099511627776 bytes",
                "defaultNs: http://a.io     | 1: defaultNs: 'http://a.io' is not host[:port]; remove the scheme and"
                        + " the path, and write a URL under endpoint",
                "Port: 1                    | 1: Port: unknown key; did you mean port?",
                "pruneConfig: {dryrunn: 1}  | 1: pruneConfig.dryrunn: unknown key; did you mean dryRun?",
                "listConfig: {foo: 1}       | 1: listConfig.foo: unknown key; valid keys are header, expr, shortDigest",
                "serverTlsConfig: {clientAuth: verify} | 1: serverTlsConfig.clientAuth: needs TLS to verify"
                        + " clients; add cert and key",
                "serverTlsConfig: {keyPassword: x} | 1: serverTlsConfig.keyPassword: has no key to decrypt; add key",
                "clients: {tokn: x} | 1: clients.tokn: unknown key; did you mean token?",
                "serverTlsConfig: {key: /k} | 1: serverTlsConfig.key: has no effect alone; add cert or remove it",
                "just text                  | 1: is a scalar, but must be a mapping of keys to values",
                "[{name: a, auth: {user: u}}]     | 1: registries[0].auth.user: has no password; add password,"
                        + " passwordFromEnv or passwordFile",
                "[{name: a, auth: {password: u}}] | 1: registries[0].auth.password: has no user; add user",
                "[{name: a, tls: {keyPassword: u}}] | 1: registries[0].tls.keyPassword: has no key to decrypt; add key",
                "[{name: a, auth: {passwordFile: /f}}] | 1: registries[0].auth.passwordFile: has no user; add user",
                "[{name: a, auth: {user: u, password: p, passwordFile: /f}}] | 1: registries[0].auth.passwordFile:"
                        + " cannot be used with password; keep one of them",
                "[{name: a, auth: {dockerConfig: /c, credentialHelper: x}}]  | 1:"
                        + " registries[0].auth.credentialHelper: cannot be used with dockerConfig; keep one of them",
                "[{name: a, auth: {user: u, password: p, token: {static: s}}}] | 1: registries[0].auth.token:"
                        + " cannot be used with user; keep one of them",
                "[{name: a, auth: {credentialHelper: ../x}}] | 1: registries[0].auth.credentialHelper: is not the"
                        + " name of a credential helper; write the part after docker-credential- in the name of the"
                        + " program, for example ecr-login",
                "[{name: a, auth: {token: {provider: gcp}}}] | 1: registries[0].auth.token.provider: is not a known"
                        + " provider of tokens; write ecr, or use credentialHelper",
                "[{name: a, auth: {token: {provider: ecr, providerOpts: geheim}}}] | 1:"
                        + " registries[0].auth.token.providerOpts: may only contain profile=NAME and region=NAME",
                "[{name: a, auth: {token: {expiry: 1h}}}] | 1: registries[0].auth.token: has an expiry, but no"
                        + " token to renew; add provider, or credentialHelper beside token",
                "[{name: a, scheme: ftp}]   | 1: registries[0].scheme: 'ftp' is not one of [https, http]",
                "[{name: a b}]              | 1: registries[0].name: 'a b' is not host[:port]; write for example"
                        + " quay.io or registry.local:5000",
                "[{name: a, endpoint: a:1}] | 1: registries[0].endpoint: 'a:1' is not http[s]://host[:port]; remove"
                        + " any path, user and query",
                "[{name: a, endpoint: http://b, scheme: https}] | 1: registries[0].scheme: contradicts endpoint"
                        + " http://b; remove one of them",
                "[{name: a}, {name: b, aliases: ['A:443']}] | 1: registries[1]: 'a' is also a name or alias of"
                        + " registries[0]; keep one",
                "{port: 1, port: 2}         | 1: port: is here twice; remove one",
            })
    void problemNamesPlaceCauseAndRemedy(String yaml, String problem) {
        assertEquals(List.of("c.yaml:" + problem), problems(yaml));
    }

    @Test
    void invalidYamlIsReportedWithItsLine() {
        assertEquals(
                List.of("c.yaml:3: not valid YAML: could not find expected ':'"), problems("port: 1\nhost\nos: x\n"));
        assertEquals(
                List.of("c.yaml:2: not valid YAML: found undefined alias; put a value with such characters in quotes"),
                problems("clients:\n  token: *geheim\n"));
        assertTrue(problems("a: 1\n--- \nb: 2\n").get(0).startsWith("c.yaml:2: not valid YAML: "));
        assertTrue(problems("a: \u0007\n").get(0).startsWith("c.yaml:1: not valid YAML: "));
    }

    @Test
    void billionLaughsAreRefused() {
        var yaml = new StringBuilder("a0: &a0 [lol, lol]\n");
        for (int i = 1; i < 30; i++) {
            yaml.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ",").repeat(9)));
        }
        assertTrue(problems(yaml.toString()).get(0).contains("aliases"));
        assertTrue(problems("registries: &r [*r]").get(0).startsWith("c.yaml:1: "));
        assertTrue(problems("[".repeat(100_000)).get(0).startsWith("c.yaml:1: not valid YAML: "));
    }

    @Test
    void tagInFileCreatesNoObject() {
        assertEquals(1, problems("port: !!java.net.URL [http://localhost]").size());
    }

    @Test
    void unreadableFileIsRefused() throws Exception {
        var big = Files.writeString(dir.resolve("big"), "#".repeat((1 << 20) + 1));
        assertTrue(loadError(big).endsWith("is larger than 1 MiB; name a configuration file"));
        var binary = Files.write(dir.resolve("binary"), new byte[] {(byte) 0xff, 0x12});
        assertTrue(loadError(binary).endsWith("is not UTF-8 text; save it in UTF-8"));
        assertTrue(loadError(dir.resolve("none")).endsWith("cannot be read: no such file"));
    }

    @Test
    void byteOrderMarkIsSkipped() throws Exception {
        var file = Files.writeString(dir.resolve("bom"), "\uFEFFport: 81\n");
        assertEquals(81, loader.load(file, Overrides.none()).config().port());
    }

    @Test
    void longListOfProblemsIsTruncated() {
        var many = new ConfigException(java.util.Collections.nCopies(60, "p"));
        assertTrue(many.getMessage().endsWith("p\nand 10 more"));
    }

    @Test
    void validKeysAreListedOnceForEachSection() {
        assertEquals(
                List.of(
                        "c.yaml:1: listConfig.xxx: unknown key; valid keys are header, expr, shortDigest",
                        "c.yaml:1: listConfig.yyy: unknown key; remove it",
                        "c.yaml:2: timeouts.xxx: unknown key; valid keys are answer, connect, stall"),
                problems("listConfig: {xxx: 1, yyy: 2}\ntimeouts: {xxx: 1}\n"));
    }

    @Test
    void commandLineTakesPrecedenceOverFile() throws Exception {
        var overrides = Overrides.none()
                .put(ServerKeys.PORT, "--port", "0")
                .put(ServerKeys.AIR_GAPPED, "--air-gapped", "false");
        var config = loader.parse("port: 81\nhost: 127.0.0.1\nairGapped: true", "c.yaml", overrides)
                .config();
        assertEquals(0, config.port());
        assertEquals("127.0.0.1", config.host());
        assertFalse(config.airGapped());
    }

    @Test
    void problemsOfCommandLineAndFileAreReportedTogether() {
        var overrides = Overrides.none().put(ServerKeys.PORT, "--port", "x");
        var error = assertThrows(ConfigException.class, () -> loader.parse("hosts: a", "c.yaml", overrides));
        assertEquals("""
            c.yaml:1: hosts: unknown key; did you mean host?
            --port: 'x' is not a whole number from 0 to 65535\
            """, error.getMessage());
    }

    @Test
    void keyWithoutEffectIsWarning() throws Exception {
        var yaml = """
            configFile: other.yaml
            helloWorld: false
            """;
        assertEquals(
                List.of("c.yaml:1: configFile: has no effect in a configuration file; remove it, and name the file by"
                        + " --config-file or OCIREGISTRY_CONFIG"),
                loader.parse(yaml, "c.yaml", Overrides.none()).warnings());
    }

    @Test
    void onlyTheNameOfTheFileItselfHasNoEffect() {
        assertEquals(
                List.of(ServerKeys.CONFIG_FILE),
                ServerKeys.ALL.stream().filter(key -> key.warning().isPresent()).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0s", "1ms", "999ms"})
    void tooFrequentPruningIsRefused(String frequency) {
        var yaml = "pruneConfig: {enabled: true, frequency: " + frequency + "}";
        var error = assertThrows(ConfigException.class, () -> loader.parse(yaml, "c.yaml", Overrides.none()));
        assertEquals(
                "c.yaml:1: pruneConfig.frequency: '" + frequency + "' is too short; write at least 1s, for example 1d",
                error.getMessage());
    }

    @Test
    void configFileInFileIsWarning() throws Exception {
        assertEquals(
                List.of("c.yaml:1: configFile: has no effect in a configuration file; remove it, and name the file by"
                        + " --config-file or OCIREGISTRY_CONFIG"),
                loader.parse("configFile: /etc/other.yaml", "c.yaml", Overrides.none())
                        .warnings());
    }

    @Test
    void helloWorldModeIsRefused() {
        var overrides = Overrides.none().put(ServerKeys.HELLO_WORLD, "--hello-world", "true");
        var error = assertThrows(ConfigException.class, () -> loader.parse("", "c.yaml", overrides));
        assertEquals(
                "--hello-world: 'true' is not supported, because this server has no embedded image; remove it, and load"
                        + " an image with preloadImages",
                error.getMessage());
    }

    @Test
    void caWithoutClientAuthIsWarning() throws Exception {
        assertEquals(
                List.of("c.yaml:1: serverTlsConfig.ca: has no effect while clientAuth is none;"
                        + " write clientAuth: verify to verify clients"),
                parse("serverTlsConfig: {cert: /c, key: /k, ca: /a}").warnings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"dryrun", "dryRun"})
    void bothSpellingsOfDryRunAreRead(String key) throws Exception {
        assertTrue(
                parse("pruneConfig: {" + key + ": true}").config().pruneConfig().dryRun());
    }

    @Test
    void cacheLimitsAreReadAndChecked() throws Exception {
        var cache = parse("cache: {maxSize: 10GB, highWater: 95%, lowWater: 50, pins: ['a{1,2}', b]}")
                .config()
                .cache();
        assertEquals(Optional.of(10_000_000_000L), cache.maxSize());
        assertEquals(95, cache.highWater());
        assertEquals(50, cache.lowWater());
        assertEquals(List.of("a{1,2}", "b"), cache.pins());
        for (var wrong : List.of(
                "cache: {lowWater: 90%}",
                "cache: {highWater: 101%}",
                "cache: {pins: ['(']}",
                "pruneConfig: {type: pattern, expr: 'a,'}",
                "pruneConfig: {type: pattern, expr: '(?=a)'}")) {
            assertThrows(ConfigException.class, () -> parse(wrong), wrong);
        }
    }

    @Test
    void everyKindOfCredentialsIsRead() throws Exception {
        var registries = parse("""
            - {name: a, auth: {user: u, passwordFile: /f}}
            - {name: b, auth: {dockerConfig: /c.json}}
            - {name: c, auth: {credentialHelper: pass, token: {expiry: 1h}}}
            - {name: d, auth: {token: {provider: ecr, providerOpts: "profile=x,region=y"}}}
            - {name: e, auth: {token: {provider: ecr, static: t0ken, expiry: 12h}}}
            """).config().registries();
        assertEquals(
                List.of(
                        new AuthConfig.AccountWithFile("u", Path.of("/f")),
                        new AuthConfig.DockerConfig(Path.of("/c.json")),
                        new AuthConfig.Helper("pass", Map.of(), Optional.of(Duration.ofHours(1))),
                        new AuthConfig.Helper(
                                "ecr-login",
                                Map.of("AWS_PROFILE", "x", "AWS_REGION", "y"),
                                Optional.of(Duration.ofHours(12))),
                        new AuthConfig.Token(new Secret("t0ken"))),
                registries.stream().map(UpstreamConfig::auth).toList());
    }

    @Test
    void mirrorIsUrlOrMapping() throws Exception {
        var registry = parse("""
            - name: docker.io
              mirrors:
              - https://Cache.example:8080
              - url: https://harbor.example/
                prefix: /dockerhub/
                auth: {user: u, password: pw, realm: https://auth.example.org/token}
                tls: {insecureSkipVerify: true}
              - {url: http://mirror.example, ns: false}
            """).config().registries().get(0);
        var harbor = MirrorConfig.of("https://harbor.example").withPrefix("dockerhub");
        assertEquals(
                List.of(
                        MirrorConfig.of("https://cache.example:8080"),
                        harbor.withAuth(new AuthConfig.WithRealms(
                                        AuthConfig.basic("u", "pw"),
                                        List.of(URI.create("https://auth.example.org/token"))))
                                .withTls(new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), true)),
                        new MirrorConfig(
                                URI.create("http://mirror.example"),
                                Optional.empty(),
                                false,
                                AuthConfig.ANONYMOUS,
                                TlsConfig.DEFAULT,
                                ProxyConfig.FROM_ENVIRONMENT)),
                registry.mirrors());
    }

    @Test
    void invalidMirrorIsReported() {
        assertEquals(
                List.of(
                        "c.yaml:3: registries[0].mirrors[0]: 'https://m.example/hub' is not http[s]://host[:port];"
                                + " remove any path, user and query. Write a path under prefix",
                        "c.yaml:4: registries[0].mirrors[1].url: is missing; write http[s]://host[:port]",
                        "c.yaml:5: registries[0].mirrors[2].prefix: 'A B' is not a valid prefix of repository"
                                + " names; write for example dockerhub",
                        "c.yaml:6: registries[0].auth.realm: needs credentials to send; add user, dockerConfig,"
                                + " credentialHelper or token",
                        "c.yaml:7: registries[1].auth.realm: 'auth' is not the URL of a token service; write for"
                                + " example https://auth.example.com/token"),
                problems("""
                    - name: a.example
                      mirrors:
                      - https://m.example/hub
                      - prefix: hub
                      - {url: https://m.example, prefix: A B}
                      auth: {realm: [https://auth.example]}
                    - {name: b.example, auth: {user: u, password: p, realm: auth}}
                    """));
    }

    @Test
    void settingOfSingleRegistryIsRefusedForWildcard() throws Exception {
        assertEquals(
                List.of(
                        "c.yaml:2: registries[0].endpoint: is not allowed with a wildcard name; give that registry"
                                + " an entry of its own",
                        "c.yaml:3: registries[0].aliases: is not allowed with a wildcard name; give that registry"
                                + " an entry of its own",
                        "c.yaml:4: registries[0].mirrors: need ns with a wildcard name; give registries with other"
                                + " mirrors entries of their own",
                        "c.yaml:5: registries[1].name: 'a*.corp.example' is not a valid wildcard; a * can only"
                                + " stand before a domain: *.corp.example",
                        "c.yaml:6: registries[2].aliases[0]: '*.corp.example' is a wildcard, which is only allowed"
                                + " as the name of an entry under registries",
                        "c.yaml:7: registries[3].name: '*.0.0.1' matches too many registries; write a wildcard for"
                                + " one domain, for example *.corp.example",
                        "c.yaml:8: registries[4]: '*.corp.example' is also a name or alias of registries[0]; keep one"),
                problems("""
                    - name: "*.corp.example"
                      endpoint: https://a.example
                      aliases: [corp]
                      mirrors: [{url: https://m.example, prefix: corp}]
                    - name: "a*.corp.example"
                    - {name: b.example, aliases: ["*.corp.example"]}
                    - name: "*.0.0.1"
                    - name: "*.Corp.example"
                    """));
        var registry = parse("""
            - {name: "*.Corp.example:5000", mirrors: [https://m.example]}
            """).config().registries().get(0);
        assertEquals("*.corp.example:5000", registry.name());
        assertTrue(registry.isWildcard());
    }

    @Test
    void secretsAreNotPrinted() throws Exception {
        var config = parse("""
            - name: a
              auth: {user: u, password: geheim}
            - name: b
              auth: {user: u, passwordFromEnv: PW}
            - name: c
              auth: {token: {static: geheim}}
            """).config();
        assertEquals(AuthConfig.basic("u", "geheim"), config.registries().get(1).auth());
        assertFalse((config + config.registries().toString()).contains("geheim"));
        assertTrue(config.toString().contains("***"));
    }

    private ConfigLoader.Result parse(String yaml) throws ConfigException {
        return loader.parse(yaml, "c.yaml", Overrides.none());
    }

    private List<String> problems(String yaml) {
        return assertThrows(ConfigException.class, () -> parse(yaml)).problems();
    }

    private String loadError(Path file) {
        return assertThrows(ConfigException.class, () -> loader.load(file, Overrides.none()))
                .getMessage();
    }
}
