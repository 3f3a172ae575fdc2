package io.ociregistry.upstream.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.ChildJvm;
import io.ociregistry.testing.ConnectProxy;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.credentials.HelperScripts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets in environment variables of a service without a locale, as systemd starts it. */
@Timeout(120)
class WithoutLocaleTest {
    private static final String PASSWORD = "p\u00e4\u20ac\u00df\u4e2d\uD83D\uDD11";
    private static final byte[] LATIN_1 = {'p', (byte) 0xe4};

    @TempDir
    Path dir;

    private final List<AutoCloseable> open = new ArrayList<>();
    private final FakeUpstream up = opened(FakeUpstream.start());

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void passwordOfRegistryIsSentAsUtf8() throws Exception {
        up.requireBasic("robot", PASSWORD);
        up.image("team/app", "1").push();
        assertEquals("pulled", pull(jvm().variable("PW", PASSWORD), """
                registries:
                - name: registry.example.com
                  endpoint: %s
                  auth: {user: robot, passwordFromEnv: PW}
                """.formatted(up.url())));
    }

    @Test
    void passwordForTokenServiceIsSentAsUtf8() throws Exception {
        up.requireBearer("robot", PASSWORD);
        up.image("team/app", "1").push();
        assertEquals("pulled", pull(jvm().variable("PW", PASSWORD), """
                registries:
                - name: registry.example.com
                  endpoint: %s
                  auth: {user: robot, passwordFromEnv: PW}
                """.formatted(up.url())));
    }

    @Test
    void unreadableVariableIsRejectedByName() throws Exception {
        String output = pull(jvm().variable("PW", LATIN_1).variable("HTTP_PROXY", LATIN_1), """
                registries:
                - name: registry.example.com
                  auth: {user: robot, passwordFromEnv: PW}
                  tls: {cert: /c.pem, key: /k.pem, keyPasswordFromEnv: PW}
                """);
        String why = "the environment variable PW can't be read: its value is not text in UTF-8";
        assertTrue(output.contains("auth.passwordFromEnv: " + why), output);
        assertTrue(output.contains("tls.keyPasswordFromEnv: " + why), output);
        assertTrue(output.contains("the environment variable HTTP_PROXY can't be read"), output);
    }

    @Test
    void passwordOfProxyIsSentAsUtf8() throws Exception {
        assertEquals("pulled", pull(jvm().variable("PW", PASSWORD), """
                registries:
                - name: registry.example.com
                  scheme: http
                  proxy: {url: 'http://127.0.0.1:%d', user: robot, passwordFromEnv: PW}
                """.formatted(proxy().port())));
    }

    @Test
    void passwordOfProxyInEnvironmentIsSentAsUtf8() throws Exception {
        String url = "http://robot:" + PASSWORD + "@127.0.0.1:" + proxy().port();
        assertEquals("pulled", pull(jvm().variable("http_proxy", url), """
                registries:
                - name: registry.example.com
                  scheme: http
                """));
    }

    @Test
    void passwordOfKeyIsReadAsUtf8() throws Exception {
        TestCertificates authority = TestCertificates.create();
        FakeUpstream secured = opened(FakeUpstream.startMutualTls(authority.server()));
        secured.image("team/app", "1").push();
        TestCertificates.Client client = authority.client("edge");
        Path key = client.keyPem(dir, TestCertificates.KeyForm.ENCRYPTED_PKCS8, PASSWORD);
        assertEquals("pulled", pull(jvm().variable("PW", PASSWORD), """
                registries:
                - name: registry.example.com
                  endpoint: %s
                  tls: {ca: '%s', cert: '%s', key: '%s', keyPasswordFromEnv: PW}
                """.formatted(
                        secured.url(), authority.caPem(dir), client.certPem(dir), key)));
    }

    @Test
    void credentialHelperInheritsBytes() throws Exception {
        up.requireBasic("robot", PASSWORD);
        up.image("team/app", "1").push();
        assertEquals(
                "pulled", pull(jvm().variable("PW", PASSWORD).variable("PATH", helpers()), """
                registries:
                - name: registry.example.com
                  endpoint: %s
                  auth: {credentialHelper: inherited}
                """.formatted(up.url())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"edge", "Z\u00fcrich"})
    void helperVariableOutsideLocaleIsRejectedByName(String profile) throws Exception {
        up.requireBasic("robot", profile);
        up.image("team/app", "1").push();
        String output = pull(jvm().variable("PATH", helpers()), """
                registries:
                - name: registry.example.com
                  endpoint: %s
                  auth: {token: {provider: ecr, providerOpts: 'profile=%s'}}
                """.formatted(up.url(), profile));
        boolean passed = profile.equals("edge");
        assertEquals(passed, output.equals("pulled"), output);
        assertEquals(!passed, output.contains("the value of AWS_PROFILE has letters that the locale"), output);
    }

    /** Writes two helpers: one prints the inherited password, the other depends on its own variables, as ECR's does. */
    private String helpers() throws IOException {
        new HelperScripts(dir)
                .with("inherited", "echo \"{\\\"Username\\\":\\\"robot\\\",\\\"Secret\\\":\\\"$PW\\\"}\"")
                .with("ecr-login", "echo \"{\\\"Username\\\":\\\"robot\\\",\\\"Secret\\\":\\\"$AWS_PROFILE\\\"}\"");
        return dir + ":/usr/bin:/bin";
    }

    private ConnectProxy proxy() {
        up.image("team/app", "1").push();
        return opened(ConnectProxy.start().leadTo("registry.example.com:80", up).requireBasic("robot", PASSWORD));
    }

    private static ChildJvm jvm() {
        return ChildJvm.of(PullMain.class);
    }

    private String pull(ChildJvm jvm, String yaml) throws Exception {
        Path file = Files.writeString(dir.resolve("config.yaml"), yaml);
        String out = jvm.run(file.toString(), "registry.example.com", "team/app", "1")
                .out();
        List<String> said =
                out.lines().filter(line -> !line.contains(" DEBUG ")).toList();
        return String.join("\n", said);
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }
}
