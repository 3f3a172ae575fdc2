package io.ociregistry.upstream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.config.Limits;
import io.ociregistry.config.ProxyConfig;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.Timeouts;
import io.ociregistry.config.UnlistedRegistries;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.tls.SystemTrust;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.stream.Stream;

/**
 * The registries that are reached over HTTP.
 *
 * <p>Each has its own threads, so that none keeps another waiting. A configured one has its own connections and TLS too; the others share
 * theirs, and are reached at public addresses only, over verified https and anonymously, if they may be asked at all.
 */
public final class HttpUpstreams implements Upstreams {
    /** Docker Hub's API is not where its name is. */
    private static final Map<String, String> ENDPOINTS = Map.of("docker.io", "https://registry-1.docker.io");

    private static final int UNLISTED = 256;
    /** Clients can name any number of registries that nobody will ever bring back. */
    private static final Duration UNLISTED_PROBES = Duration.ofMinutes(10);
    /** For what arrived whole to reach the disk. */
    private static final Duration LAST_SECONDS = Duration.ofSeconds(2);

    private final UnlistedRegistries policy;
    private final Map<RegistryName, HttpUpstream> listed = new HashMap<>();
    private final Map<RegistryName, Clients> clients = new HashMap<>();
    private final Cache<RegistryName, HttpUpstream> unlisted =
            Caffeine.newBuilder().maximumSize(UNLISTED).build();
    private final Clients unlistedClients;

    private final ProxyEnvironment environment;
    private final CredentialSources sources;
    private final SteadyResolver resolver;
    private final SystemTrust trust;
    private final Breaker.Pace pace;
    private final ScheduledExecutorService probes = probes();

    HttpUpstreams(ServerConfig config, HostResolver names, SystemTrust trust, Breaker.Pace pace) {
        this(config, names, trust, pace, HelperPrograms.SYSTEM);
    }

    HttpUpstreams(
            ServerConfig config, HostResolver names, SystemTrust trust, Breaker.Pace pace, HelperPrograms helpers) {
        this.trust = trust;
        this.sources = new CredentialSources(helpers, System::nanoTime);
        this.pace = pace;
        this.resolver = new SteadyResolver(names, SteadyResolver.LIMIT);
        this.policy = config.unlistedRegistries();
        Timeouts timeouts = config.timeouts();
        this.environment = config.proxyEnvironment();
        this.unlistedClients = new Clients(
                TlsContexts.verified(trust),
                AddressGuard.publicOnly(resolver),
                Proxies.of(ProxyConfig.AS_ENVIRONMENT, environment, sources),
                timeouts);
        config.registries().forEach(registry -> list(registry, timeouts));
    }

    /** The registries of a configuration. Nothing is connected to, and no file read, before it is needed. */
    public static HttpUpstreams of(ServerConfig config) {
        return new HttpUpstreams(config, HostResolver.SYSTEM, SystemTrust.ofThisMachine(), Breaker.Pace.DEFAULT);
    }

    @Override
    public Upstream get(RegistryName name) {
        HttpUpstream known = listed.get(name);
        if (known != null) {
            return known;
        }
        if (policy == UnlistedRegistries.DENY) {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    name
                            + " is not among the configured registries, and unlistedRegistries is deny; add it under registries if it is meant");
        }
        return unlisted.get(name, this::unlisted);
    }

    /** Ends all work, within 2 seconds however many there are. */
    @Override
    public void close() {
        probes.shutdownNow();
        clients.values().forEach(Clients::close);
        unlistedClients.close();
        List<HttpUpstream> all = Stream.of(listed, unlisted.asMap())
                .flatMap(some -> some.values().stream())
                .toList();
        all.forEach(HttpUpstream::shutdown);
        long end = System.nanoTime() + LAST_SECONDS.toNanos();
        all.forEach(upstream -> upstream.end(Duration.ofNanos(Math.max(0, end - System.nanoTime()))));
        resolver.close();
    }

    private void list(UpstreamConfig config, Timeouts timeouts) {
        RegistryName name = RegistryName.parse(config.name());
        Origin origin = config.endpoint()
                .map(Origin::of)
                .orElseGet(() -> origin(name, config.scheme().toString().toLowerCase(Locale.ROOT)));
        Clients own = new Clients(
                TlsContexts.of(config.tls(), origin, trust),
                AddressGuard.around(origin, resolver),
                Proxies.of(config.proxy(), environment, sources),
                timeouts);
        clients.put(name, own);
        Destinations destinations = new Destinations(origin, true);
        CredentialSource source = sources.of(config.auth(), server(config));
        listed.put(name, upstream(name, destinations, own, source, config.limits(), pace));
    }

    private HttpUpstream unlisted(RegistryName name) {
        Destinations destinations = new Destinations(origin(name, "https"), false);
        return upstream(
                name,
                destinations,
                unlistedClients,
                CredentialSource.ANONYMOUS,
                Limits.DEFAULT,
                pace.endingAfter(UNLISTED_PROBES));
    }

    private HttpUpstream upstream(
            RegistryName name,
            Destinations destinations,
            Clients clients,
            CredentialSource source,
            Limits limits,
            Breaker.Pace probing) {
        Origin origin = destinations.home();
        RateLimits rates = new RateLimits(origin, System::nanoTime);
        BearerTokens tokens = new BearerTokens(new TokenService(clients, rates), System::nanoTime);
        UpstreamExecutors executors = new UpstreamExecutors(name.toString(), limits.downloads());
        Breaker breaker = new Breaker(
                origin,
                probing,
                probes,
                executors.metadata(Priority.CLIENT),
                () -> clients.answers(origin.resolve("/v2/")),
                System::nanoTime);
        return new HttpUpstream(
                name,
                destinations,
                clients,
                new Authenticator(destinations, source, tokens),
                executors,
                bandwidth(limits),
                new Health(origin, breaker, rates));
    }

    private static ScheduledExecutorService probes() {
        ScheduledThreadPoolExecutor probes = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "probes");
            thread.setDaemon(true);
            return thread;
        });
        probes.setRemoveOnCancelPolicy(true);
        return probes;
    }

    private static Optional<Bandwidth> bandwidth(Limits limits) {
        return limits.bandwidth()
                .map(bytes -> new Bandwidth(bytes, limits.downloads(), Bandwidth.Time.SYSTEM, PriorityThreads::here));
    }

    /** What docker calls the place where a registry really is: credentials are for that. */
    static String server(UpstreamConfig config) {
        String host = config.endpoint().map(URI::getRawAuthority).orElse(config.name());
        return host.equals("docker.io") ? DockerLogin.HUB : host;
    }

    private static Origin origin(RegistryName name, String scheme) {
        return Origin.of(URI.create(ENDPOINTS.getOrDefault(name.toString(), scheme + "://" + name)));
    }
}
