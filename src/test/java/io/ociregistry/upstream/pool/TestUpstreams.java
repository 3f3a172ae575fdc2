package io.ociregistry.upstream.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerConfig.UnlistedRegistries;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.address.FakeDns;
import io.ociregistry.upstream.credentials.HelperPrograms;
import io.ociregistry.upstream.health.Breaker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.function.Executable;

/** Real upstreams whose resolver maps every host name to loopback. */
public final class TestUpstreams implements AutoCloseable {
    public static final String NAME = "registry.example.com";
    public static final long MAX_MANIFEST_BYTES = 1 << 20;

    private final FakeDns names = new FakeDns();
    private final List<UpstreamConfig> registries = new ArrayList<>();
    private UnlistedRegistries policy = UnlistedRegistries.ALLOW;
    private Timeouts timeouts = Timeouts.DEFAULT;
    private SystemTrust trust = SystemTrust.ofThisMachine();
    private Breaker.ProbeSchedule probes = Breaker.ProbeSchedule.DEFAULT;
    private HelperPrograms helpers = HelperPrograms.SYSTEM;
    private ProxyEnvironment proxies = ProxyEnvironment.NONE;
    private HttpUpstreams upstreams;

    /** Creates the upstream {@code registry.example.com}, whose endpoint is the fake one. */
    public static TestUpstreams of(FakeUpstream fake) {
        return of(fake, AuthConfig.ANONYMOUS, TlsConfig.DEFAULT);
    }

    public static TestUpstreams of(FakeUpstream fake, AuthConfig auth) {
        return of(fake, auth, TlsConfig.DEFAULT);
    }

    public static TestUpstreams of(FakeUpstream fake, AuthConfig auth, TlsConfig tls) {
        return new TestUpstreams()
                .with(UpstreamConfig.of(NAME)
                        .withEndpoint(fake.url())
                        .withAuth(auth)
                        .withTls(tls));
    }

    public TestUpstreams with(UpstreamConfig registry) {
        registries.add(registry);
        return this;
    }

    public TestUpstreams denyUnlisted() {
        policy = UnlistedRegistries.DENY;
        return this;
    }

    public TestUpstreams withStallTimeout(Duration stall) {
        timeouts = new Timeouts(timeouts.answer(), timeouts.connect(), stall);
        return this;
    }

    /** Sets the only certificate authority that the machine trusts. */
    public TestUpstreams withSystemTrust(Path pem) {
        trust = new SystemTrust(() -> new PemFiles("tls").trustManager(pem));
        return this;
    }

    public TestUpstreams withConnectTimeout(Duration connect) {
        timeouts = new Timeouts(timeouts.answer(), connect, timeouts.stall());
        return this;
    }

    public TestUpstreams withProxies(ProxyEnvironment environment) {
        proxies = environment;
        return this;
    }

    public TestUpstreams withProbes(Duration every) {
        probes = new Breaker.ProbeSchedule(every, every);
        return this;
    }

    public TestUpstreams withHelpers(HelperPrograms programs) {
        helpers = programs;
        return this;
    }

    public FakeDns names() {
        return names;
    }

    /** Returns the first registry of the configuration. */
    public Upstream get() {
        return get(registries.get(0).name());
    }

    public synchronized Upstream get(String name) {
        if (upstreams == null) {
            upstreams = new HttpUpstreams(
                    ServerConfig.defaults()
                            .with(ServerKeys.REGISTRIES, registries)
                            .with(ServerKeys.UNLISTED_REGISTRIES, policy)
                            .with(ServerKeys.TIMEOUTS, timeouts)
                            .with(proxies),
                    names,
                    trust,
                    probes,
                    helpers);
        }
        return upstreams.get(RegistryName.parse(name));
    }

    /** Pulls a manifest from the first registry. */
    public ManifestAnswer manifest(String repository, String reference) {
        return get().manifest(repository, Reference.parse(reference), MAX_MANIFEST_BYTES);
    }

    @Override
    public synchronized void close() {
        if (upstreams != null) {
            upstreams.close();
        }
    }

    /** Returns the failure of a call, which must have that code. */
    public static RegistryException failure(ErrorCode code, Executable call) {
        RegistryException failure = assertThrows(RegistryException.class, call);
        assertEquals(code, failure.code(), failure.getMessage());
        return failure;
    }

    public static void assertHolds(String expected, String text) {
        assertEquals(true, text.contains(expected), () -> "no '" + expected + "' in: " + text);
    }
}
