package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.config.AuthConfig;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.Timeouts;
import io.ociregistry.config.TlsConfig;
import io.ociregistry.config.UnlistedRegistries;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.tls.PemFiles;
import io.ociregistry.tls.SystemTrust;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.function.Executable;

/** The real upstreams, with a DNS of their own, so that whatever they are called they are on loopback. */
final class UpstreamsInTest implements AutoCloseable {
    static final String NAME = "registry.example.com";
    static final long ENOUGH = 1 << 20;

    private final NamesOnLoopback names = new NamesOnLoopback();
    private final List<UpstreamConfig> registries = new ArrayList<>();
    private UnlistedRegistries policy = UnlistedRegistries.ALLOW;
    private Timeouts timeouts = Timeouts.DEFAULT;
    private SystemTrust trust = SystemTrust.ofThisMachine();
    private Breaker.Pace pace = Breaker.Pace.DEFAULT;
    private HelperPrograms helpers = HelperPrograms.SYSTEM;
    private ProxyEnvironment proxies = ProxyEnvironment.NONE;
    private HttpUpstreams upstreams;

    /** {@code registry.example.com}, which really is the other one. */
    static UpstreamsInTest of(FakeUpstream fake) {
        return of(fake, AuthConfig.ANONYMOUS, TlsConfig.DEFAULT);
    }

    static UpstreamsInTest of(FakeUpstream fake, AuthConfig auth) {
        return of(fake, auth, TlsConfig.DEFAULT);
    }

    static UpstreamsInTest of(FakeUpstream fake, AuthConfig auth, TlsConfig tls) {
        return new UpstreamsInTest()
                .with(UpstreamConfig.of(NAME)
                        .withEndpoint(fake.url())
                        .withAuth(auth)
                        .withTls(tls));
    }

    UpstreamsInTest with(UpstreamConfig registry) {
        registries.add(registry);
        return this;
    }

    UpstreamsInTest denyingOthers() {
        policy = UnlistedRegistries.DENY;
        return this;
    }

    UpstreamsInTest stallingFor(Duration stall) {
        timeouts = new Timeouts(timeouts.answer(), timeouts.connect(), stall);
        return this;
    }

    /** On a machine that trusts that authority and no other. */
    UpstreamsInTest whereTheMachineTrusts(Path pem) {
        trust = new SystemTrust(() -> new PemFiles("tls").authorities(pem));
        return this;
    }

    UpstreamsInTest connectingWithin(Duration connect) {
        timeouts = new Timeouts(timeouts.answer(), connect, timeouts.stall());
        return this;
    }

    UpstreamsInTest where(ProxyEnvironment environment) {
        proxies = environment;
        return this;
    }

    UpstreamsInTest probing(Duration every) {
        pace = new Breaker.Pace(every, every);
        return this;
    }

    UpstreamsInTest helpedBy(HelperPrograms programs) {
        helpers = programs;
        return this;
    }

    NamesOnLoopback names() {
        return names;
    }

    /** The first registry of the configuration. */
    Upstream get() {
        return get(registries.get(0).name());
    }

    synchronized Upstream get(String name) {
        if (upstreams == null) {
            upstreams = new HttpUpstreams(
                    ServerConfig.defaults()
                            .with(ServerKeys.REGISTRIES, registries)
                            .with(ServerKeys.UNLISTED_REGISTRIES, policy)
                            .with(ServerKeys.TIMEOUTS, timeouts)
                            .with(proxies),
                    names,
                    trust,
                    pace,
                    helpers);
        }
        return upstreams.get(RegistryName.parse(name));
    }

    /** Pulls a manifest from the first registry. */
    ManifestAnswer manifest(String repository, String reference) {
        return get().manifest(repository, Reference.parse(reference), ENOUGH);
    }

    @Override
    public synchronized void close() {
        if (upstreams != null) {
            upstreams.close();
        }
    }

    /** The failure of a call, which must be of that code. */
    static RegistryException failure(ErrorCode code, Executable call) {
        RegistryException failure = assertThrows(RegistryException.class, call);
        assertEquals(code, failure.code(), failure.getMessage());
        return failure;
    }

    static void assertHolds(String expected, String text) {
        assertEquals(true, text.contains(expected), () -> "no '" + expected + "' in: " + text);
    }
}
