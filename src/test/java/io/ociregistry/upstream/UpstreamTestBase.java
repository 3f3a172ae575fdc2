package io.ociregistry.upstream;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Tag;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.address.HostResolver;
import io.ociregistry.upstream.health.Breaker;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Base of tests of upstreams over real connections. Host names are resolved without DNS. */
@Timeout(60)
public abstract class UpstreamTestBase {
    static final long MAX_MANIFEST = 4_393_216;

    @TempDir
    public Path files;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    public FakeUpstream started(FakeUpstream upstream) {
        opened.add(upstream);
        return upstream;
    }

    public static FakeImage image(FakeUpstream upstream) {
        return upstream.image("team/app", "1.0").layer(100_000).push();
    }

    /** Returns the upstream r.example, whose endpoint is the fake one. */
    public Upstream upstream(FakeUpstream fake, UnaryOperator<UpstreamConfig> more) {
        return upstreams(more.apply(UpstreamConfig.of("r.example").withEndpoint(fake.url())))
                .get(RegistryName.parse("r.example"));
    }

    public Upstream upstream(FakeUpstream fake) {
        return upstream(fake, config -> config);
    }

    public Upstreams upstreams(UpstreamConfig... configured) {
        return upstreams(ServerConfig.defaults(), host -> List.of(address(host)), configured);
    }

    public Upstreams upstreams(ServerConfig base, HostResolver resolver, UpstreamConfig... configured) {
        Timeouts timeouts = new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(1));
        ServerConfig config =
                base.with(ServerKeys.REGISTRIES, List.of(configured)).with(ServerKeys.TIMEOUTS, timeouts);
        Upstreams upstreams =
                new HttpUpstreams(config, resolver, SystemTrust.ofThisMachine(), Breaker.ProbeSchedule.DEFAULT);
        opened.add(upstreams);
        return upstreams;
    }

    /** Resolves IP literals, and r.example and localhost to loopback; no other host exists. */
    public static InetAddress address(String host) throws UnknownHostException {
        if (host.equals("r.example") || host.equals("localhost")) {
            return InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1});
        }
        if (host.matches("[0-9.]+|\\[.*]")) {
            return InetAddress.getByName(host);
        }
        throw new UnknownHostException(host);
    }

    public static UnaryOperator<UpstreamConfig> account(String user, String password) {
        return config -> config.withAuth(AuthConfig.basic(user, password));
    }

    static UnaryOperator<UpstreamConfig> authority(Path pem) {
        return config -> config.withTls(new TlsConfig(Optional.of(pem), Optional.empty(), Optional.empty(), false));
    }

    public static byte[] manifest(Upstream upstream) {
        return upstream.manifest("team/app", Tag.parse("1.0"), MAX_MANIFEST).bytes();
    }

    public static RegistryException fails(ErrorCode code, Runnable action) {
        RegistryException failure = Assertions.assertThrows(RegistryException.class, action::run);
        Assertions.assertEquals(code, failure.code(), failure.getMessage());
        return failure;
    }
}
