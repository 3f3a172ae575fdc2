package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.testing.TestCertificates.KeyForm;
import io.ociregistry.testing.TestCertificates.KeyKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.UpstreamTestBase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** File formats of client keys and certificates, each used with a server that requires a client certificate. */
class ClientKeysTest extends UpstreamTestBase {
    private static final String PASSWORD = "pa55 wörd";

    private final TestCertificates authority = TestCertificates.create();

    @ParameterizedTest
    @CsvSource({
        "RSA, TRADITIONAL, RSA PRIVATE KEY",
        "RSA, PKCS8, PRIVATE KEY",
        "RSA, ENCRYPTED_TRADITIONAL, RSA PRIVATE KEY",
        "RSA, ENCRYPTED_PKCS8, ENCRYPTED PRIVATE KEY",
        "EC, TRADITIONAL, EC PRIVATE KEY",
        "EC, PKCS8, PRIVATE KEY",
        "EC, ENCRYPTED_TRADITIONAL, EC PRIVATE KEY",
        "EC, ENCRYPTED_PKCS8, ENCRYPTED PRIVATE KEY",
        "ED25519, PKCS8, PRIVATE KEY",
        "ED25519, ENCRYPTED_PKCS8, ENCRYPTED PRIVATE KEY",
    })
    void keyIsReadInEveryCommonFormat(KeyKind kind, KeyForm form, String label) throws IOException {
        TestCertificates.Client client = authority.client("edge", kind);
        Path key = client.keyPem(files, form, PASSWORD);
        assertTrue(Files.readString(key).startsWith("-----BEGIN " + label + "-----"), label);
        accepted(client.certPem(files), key, PASSWORD);
    }

    @ParameterizedTest
    @CsvSource({
        "RSA, rsa -traditional -aes256 -passout pass:geheim",
        "RSA, rsa -traditional -des3 -passout pass:geheim",
        "RSA, pkcs8 -topk8 -v2 aes-256-cbc -passout pass:geheim",
        "EC, ec -aes256 -passout pass:geheim",
        "EC, ec",
        "ED25519, pkcs8 -topk8 -passout pass:geheim",
        "ED25519, pkey -text",
    })
    void opensslOutputIsRead(KeyKind kind, String command) throws Exception {
        assumeTrue(run("version"), "there is no openssl");
        TestCertificates.Client client = authority.client("edge", kind);
        Path key = files.resolve("openssl.key");
        assertTrue(run(command + " -in " + client.keyPem(files) + " -out " + key), command);
        accepted(client.certPem(files), key, "geheim");
    }

    @Test
    void keyMayFollowItsEcParameters() throws IOException {
        TestCertificates.Client client = authority.client("edge");
        Path key = client.keyPem(files, KeyForm.TRADITIONAL, PASSWORD);
        String parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        accepted(client.certPem(files), Files.writeString(key, parameters + Files.readString(key)), PASSWORD);
    }

    @Test
    void oneFileMayHoldKeyAndCertificatesInAnyOrder() throws IOException {
        TestCertificates.Client client = authority.client("edge");
        Path other = Files.createDirectory(files.resolve("other"));
        String all = Files.readString(TestCertificates.create().caPem(other))
                + Files.readString(client.keyPem(files)) + "a lïne of text\r\n"
                + Files.readString(authority.caPem(files)) + Files.readString(client.certPem(files));
        Path one = Files.writeString(files.resolve("one.pem"), all.replace("\n", "\r\n"));
        accepted(one, one, PASSWORD);
    }

    @Test
    void encryptedKeyWithoutPasswordNamesTheSetting() {
        TestCertificates.Client client = authority.client("edge");
        Path key = client.keyPem(files, KeyForm.ENCRYPTED_PKCS8, PASSWORD);
        String said = refused(client.certPem(files), key, Optional.empty());
        assertTrue(said.contains("tls.key " + key + " can't be used: it is encrypted"), said);
        assertTrue(said.contains("tls.keyPasswordFromEnv"), said);
    }

    @ParameterizedTest
    @CsvSource({"ENCRYPTED_PKCS8", "ENCRYPTED_TRADITIONAL"})
    void wrongKeyPasswordIsReportedWithoutThePassword(KeyForm form) {
        TestCertificates.Client client = authority.client("edge");
        Path key = client.keyPem(files, form, PASSWORD);
        try (LogLines log = LogLines.of("ROOT")) {
            String said = refused(client.certPem(files), key, Optional.of(new Secret("s3cret")));
            assertTrue(said.contains("tls.key " + key + " can't be used: it can't be decrypted"), said);
            assertFalse((said + log.text()).contains("s3cret"), said);
        }
    }

    @Test
    void keyOfAnotherCertificateIsReported() {
        Path cert = authority.client("edge").certPem(files);
        for (KeyKind kind : KeyKind.values()) {
            Path key = authority.client("another", kind).keyPem(files);
            String said = refused(cert, key, Optional.empty());
            assertTrue(said.contains("tls.key " + key), said);
            assertTrue(said.contains("not the key of a certificate in registries[r.example].tls.cert " + cert), said);
        }
    }

    private void accepted(Path cert, Path key, String password) {
        FakeUpstream fake = started(FakeUpstream.startMutualTls(authority.server()));
        FakeImage image = image(fake);
        Upstream upstream =
                upstream(fake, config -> config.withTls(showing(cert, key, Optional.of(new Secret(password)))));
        assertArrayEquals(image.manifest(), manifest(upstream));
    }

    /** Returns the failure with its causes, which may be logged too. */
    private String refused(Path cert, Path key, Optional<Secret> password) {
        FakeUpstream fake = started(FakeUpstream.startMutualTls(authority.server()));
        RegistryException failure = fails(
                ErrorCode.UPSTREAM_UNREACHABLE,
                () -> manifest(upstream(fake, config -> config.withTls(showing(cert, key, password)))));
        assertEquals(0, fake.connections());
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace, true));
        return trace.toString();
    }

    private TlsConfig showing(Path cert, Path key, Optional<Secret> password) {
        return new TlsConfig(Optional.of(authority.caPem(files)), Optional.of(cert), Optional.of(key), password, false);
    }

    private boolean run(String arguments) throws Exception {
        String[] command = ("openssl " + arguments).split(" ");
        try {
            Process openssl = new ProcessBuilder(Arrays.asList(command))
                    .redirectErrorStream(true)
                    .redirectOutput(files.resolve("openssl.log").toFile())
                    .start();
            return openssl.waitFor(30, TimeUnit.SECONDS) && openssl.exitValue() == 0;
        } catch (IOException none) {
            return false;
        }
    }
}
