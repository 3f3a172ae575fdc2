package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.TlsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which certificates are accepted, against real TLS servers. */
class TlsTest extends UpstreamTest {
    private final TestCertificates authority = TestCertificates.create();

    @Test
    void aPrivateAuthorityIsNotTrusted_andTheErrorSaysWhatToDo() {
        FakeUpstream fake = started(FakeUpstream.startTls(authority.server()));
        image(fake);
        RegistryException refused = fails(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstream(fake)));
        assertTrue(refused.getMessage().contains("tls.ca"), refused.getMessage());
        assertEquals(0, fake.requests().size());
    }

    @Test
    void aConfiguredAuthorityIsTrusted() {
        FakeUpstream fake = started(FakeUpstream.startTls(authority.server()));
        FakeImage image = image(fake);
        assertArrayEquals(image.manifest(), manifest(upstream(fake, authority(authority.caPem(files)))));
    }

    @Test
    void aFileMayHoldSeveralAuthorities() throws Exception {
        FakeUpstream fake = started(FakeUpstream.startTls(authority.server()));
        FakeImage image = image(fake);
        Path other = Files.createDirectory(files.resolve("other"));
        Path both = files.resolve("both.pem");
        Files.writeString(
                both,
                Files.readString(TestCertificates.create().caPem(other)) + Files.readString(authority.caPem(files)));
        assertArrayEquals(image.manifest(), manifest(upstream(fake, authority(both))));
    }

    @Test
    void aCertificateForAnotherHostIsRefused_andSoIsOneThatExpired() {
        FakeUpstream elsewhere = started(FakeUpstream.startTls(authority.server("elsewhere.example")));
        fails(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstream(elsewhere, authority(authority.caPem(files)))));
        FakeUpstream expired = started(FakeUpstream.startTls(authority.expiredServer()));
        fails(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstream(expired, authority(authority.caPem(files)))));
    }

    @Test
    void insecureSkipVerifyAcceptsAnyCertificateForAnyHost() {
        FakeUpstream fake = started(FakeUpstream.startTls(authority.server("elsewhere.example")));
        FakeImage image = image(fake);
        assertArrayEquals(
                image.manifest(),
                manifest(upstream(
                        fake,
                        config -> config.withTls(
                                new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), true)))));
    }

    @Test
    void aClientCertificateIsShownToARegistryThatWantsOne() {
        FakeUpstream fake = started(FakeUpstream.startMutualTls(authority.server()));
        FakeImage image = image(fake);
        TestCertificates.Client client = authority.client("edge-cluster");
        TlsConfig tls = new TlsConfig(
                Optional.of(authority.caPem(files)),
                Optional.of(client.certPem(files)),
                Optional.of(client.keyPem(files)),
                false);
        Upstream upstream = upstream(fake, config -> config.withTls(tls));
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(image.manifest(), manifest(upstream));
        }
        assertEquals(1, fake.connections(), "connections are used again");
        fails(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                ErrorCode.UPSTREAM_UNREACHABLE,
                () -> manifest(upstream(fake, authority(authority.caPem(files)))));
    }

    @Test
    void skippingVerificationIsForTheRegistryAlone_notForWhereItRedirects() {
        FakeUpstream fake = started(FakeUpstream.startTls(authority.server()));
        FakeUpstream storage = started(FakeUpstream.startTls(authority.server()));
        FakeImage image = image(fake);
        fake.redirectBlobsTo(storage);
        Upstream upstream = upstream(
                fake,
                config -> config.withTls(new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty(), true)));
        manifest(upstream);
        fails(ErrorCode.UPSTREAM_UNREACHABLE, () -> upstream.blob("team/app", image.layer(0), 0));
        assertEquals(0, storage.requests().size());
    }

    @Test
    void aFileThatIsMissingOrNoPemIsNamed() throws Exception {
        FakeUpstream fake = started(FakeUpstream.startTls(authority.server()));
        for (Path file :
                new Path[] {files.resolve("missing.pem"), Files.writeString(files.resolve("bad.pem"), "no PEM")}) {
            RegistryException unusable =
                    fails(ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstream(fake, authority(file))));
            assertTrue(unusable.getMessage().contains("tls.ca " + file), unusable.getMessage());
        }
    }

    private static void fails(ErrorCode one, ErrorCode other, Runnable action) {
        RegistryException failure = assertThrows(RegistryException.class, action::run);
        assertTrue(failure.code() == one || failure.code() == other, failure::getMessage);
    }
}
