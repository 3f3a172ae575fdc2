package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.model.Timeouts;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.metrics.RegistryMetrics;
import io.ociregistry.metrics.SourceMetrics;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.CachingResolver;
import io.ociregistry.upstream.address.FakeDns;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import io.ociregistry.upstream.health.RateLimits;
import io.ociregistry.upstream.net.TlsContexts;
import io.ociregistry.upstream.net.UpstreamClients;
import io.ociregistry.upstream.proxy.Proxies;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens of a service whose clock differs from this machine by years. */
@Timeout(30)
class TokenLifeTest {
    private final FakeUpstream fake = FakeUpstream.start();
    private final Origin origin = Origin.of(URI.create(fake.url()));
    private final CachingResolver resolver = new CachingResolver(new FakeDns(), CachingResolver.LOOKUP_TIMEOUT);
    private final UpstreamClients clients = new UpstreamClients(
            TlsContexts.systemTrustOnly(SystemTrust.ofThisMachine()),
            AddressGuard.forRegistry(origin, resolver),
            Proxies.NONE,
            Timeouts.DEFAULT);

    @AfterEach
    void stop() {
        clients.close();
        resolver.close();
        fake.close();
    }

    @ParameterizedTest
    @CsvSource({
        "300, 2001-01-01T00:00:00Z, PT300S",
        "300, 2000-12-31T23:59:00.000Z, PT240S",
        "300, 2001-01-01T01:59:00+02:00, PT240S",
        "300, 2000-12-31T23:55:01Z, PT10S",
        "3600, 2000-12-31T23:55:00Z, PT55M",
        "20, 2001-01-01T00:00:00Z, PT60S",
        // An issue time outside of the life of the token is ignored.
        "300, 2000-12-31T23:55:00Z, PT300S",
        "300, 2026-01-01T00:00:00Z, PT300S",
        "300, 1970-01-01T00:00:00Z, PT300S",
        "300, yesterday, PT300S",
        "300, '', PT300S",
    })
    void tokenLifeCountsByTheClockOfItsService(long seconds, String issued, Duration life) {
        fake.on(Match.anything())
                .once(Fault.status(200)
                        .header("Date", "Mon, 01 Jan 2001 00:00:00 GMT")
                        .body("{\"token\":\"t\",\"expires_in\":" + seconds + ",\"issued_at\":\"" + issued + "\"}"));
        TokenRequest request = new TokenRequest(
                URI.create(fake.url() + "/token"), Optional.empty(), Optional.empty(), Optional.empty());
        TokenService service = new TokenService(
                clients,
                new RateLimits(new SourceAddress(RegistryName.parse("r.example"), origin, false), System::nanoTime),
                new SourceMetrics(new Metrics(), RegistryName.parse("r.example"), RegistryMetrics.To.REGISTRY));
        assertEquals(life, service.apply(request).life());
    }
}
