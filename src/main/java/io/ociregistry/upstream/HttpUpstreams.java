package io.ociregistry.upstream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.config.AuthConfig;
import io.ociregistry.config.ByRegistry;
import io.ociregistry.config.Limits;
import io.ociregistry.config.MirrorConfig;
import io.ociregistry.config.ProxyConfig;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.Timeouts;
import io.ociregistry.config.TlsConfig;
import io.ociregistry.config.UnlistedRegistries;
import io.ociregistry.config.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.threads.Daemons;
import io.ociregistry.tls.SystemTrust;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
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
 * <p>Each has its own threads, so that none keeps another waiting. A configured one has its own connections and TLS too, and so has each of its
 * mirrors; the others share theirs, and are reached at public addresses only, over verified https and anonymously, if they may be asked at all.
 * What a wildcard says counts for each of its registries as if that had an entry of its own.
 */
public final class HttpUpstreams implements Upstreams {
    /** Docker Hub's API is not where its name is. */
    private static final Map<String, String> ENDPOINTS = Map.of("docker.io", "https://registry-1.docker.io");

    private static final String OWN_PROXY = "registries[].proxy";
    private static final String MIRRORS_PROXY = "registries[].mirrors[].proxy";

    private static final int UNLISTED = 256;
    /** Clients can name any number of those too. */
    private static final int OF_WILDCARDS = 256;
    /** More than anybody chains; who comes through more is in a loop with something that hides. */
    private static final int MOST_HOPS = 10;
    /** Clients can name any number of registries that nobody will ever bring back. */
    private static final Duration UNLISTED_PROBES = Duration.ofMinutes(10);
    /** For what arrived whole to reach the disk. */
    private static final Duration LAST_SECONDS = Duration.ofSeconds(2);

    private final UnlistedRegistries policy;
    private final Map<RegistryName, Connected> listed = new HashMap<>();
    private final ByRegistry<UpstreamConfig> configured;
    private final Cache<RegistryName, Connected> ofWildcards =
            Caffeine.newBuilder().maximumSize(OF_WILDCARDS).build();
    private final Cache<RegistryName, Connected> unlisted =
            Caffeine.newBuilder().maximumSize(UNLISTED).build();
    private final Timeouts timeouts;
    private final String self = Via.pseudonym();
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
        this.timeouts = config.timeouts();
        this.configured = new ByRegistry<>(config.registries(), entry -> entry);
        this.environment = config.proxyEnvironment();
        this.unlistedClients = new Clients(
                TlsContexts.verified(trust),
                AddressGuard.publicOnly(resolver),
                Proxies.of(ProxyConfig.AS_ENVIRONMENT, OWN_PROXY, environment, sources),
                timeouts);
        config.registries().stream().filter(entry -> !entry.isWildcard()).forEach(entry -> {
            RegistryName name = RegistryName.parse(entry.name());
            listed.put(name, listed(name, entry));
        });
    }

    /** The registries of a configuration. Nothing is connected to, and no file read, before it is needed. */
    public static HttpUpstreams of(ServerConfig config) {
        return new HttpUpstreams(config, HostResolver.SYSTEM, SystemTrust.ofThisMachine(), Breaker.Pace.DEFAULT);
    }

    /**
     * The upstream of that name; makes no connection.
     *
     * @throws RegistryException {@link ErrorCode#LOOP} too, where the request that the calling thread works for came from here
     */
    @Override
    public Upstream get(RegistryName name) {
        refuseLoop(name);
        Connected known = listed.get(name);
        if (known != null) {
            return known.upstream();
        }
        Optional<UpstreamConfig> wildcard = configured.find(name);
        if (wildcard.isPresent()) {
            UpstreamConfig own = wildcard.get().named(name);
            return ofWildcards.get(name, unknown -> listed(unknown, own)).upstream();
        }
        if (policy == UnlistedRegistries.DENY) {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    name
                            + " is not among the configured registries, and unlistedRegistries is deny; add it under registries if it is meant");
        }
        return unlisted.get(name, this::unlisted).upstream();
    }

    private void refuseLoop(RegistryName name) {
        Via via = Via.here();
        if (via.cameThrough(self)) {
            throw new RegistryException(
                    ErrorCode.LOOP,
                    name
                            + " is not asked: this request came through this server before, so its mirrors, or those of others, form a loop");
        }
        if (via.hops().size() > MOST_HOPS) {
            throw new RegistryException(
                    ErrorCode.LOOP,
                    name + " is not asked: this request came through "
                            + via.hops().size() + " servers already, and " + MOST_HOPS
                            + " are the most; are there mirrors that form a loop?");
        }
    }

    @Override
    public List<Upstream> known() {
        return all().map(Connected::upstream).toList();
    }

    private Stream<Connected> all() {
        return Stream.of(listed, ofWildcards.asMap(), unlisted.asMap()).flatMap(some -> some.values().stream());
    }

    /** Ends all work, within 2 seconds however many there are. */
    @Override
    public void close() {
        probes.shutdownNow();
        List<Connected> all = all().toList();
        all.forEach(Connected::disconnect);
        unlistedClients.close();
        all.forEach(each -> each.executors().shutdown());
        long end = System.nanoTime() + LAST_SECONDS.toNanos();
        all.forEach(each -> each.executors().end(Duration.ofNanos(Math.max(0, end - System.nanoTime()))));
        resolver.close();
    }

    /** A registry as it is asked, and what has to be ended with it. */
    private record Connected(Upstream upstream, List<Clients> clients, UpstreamExecutors executors) {
        void disconnect() {
            clients.forEach(Clients::close);
        }
    }

    private Connected listed(RegistryName name, UpstreamConfig config) {
        Origin origin = config.endpoint()
                .map(Origin::of)
                .orElseGet(() -> origin(name, config.scheme().toString().toLowerCase(Locale.ROOT)));
        UpstreamExecutors executors =
                new UpstreamExecutors(name.toString(), config.limits().downloads());
        List<Clients> clients = new ArrayList<>();
        Clients own =
                clients(config.tls(), Proxies.of(config.proxy(), OWN_PROXY, environment, sources), origin, timeouts);
        clients.add(own);
        CredentialSource source = sources.of(config.auth(), server(config));
        HttpUpstream registry = upstream(
                name,
                Place.in(origin),
                new Destinations(origin, true),
                own,
                source,
                AuthConfig.realms(config.auth()),
                executors,
                bandwidth(config.limits()),
                pace);
        if (config.mirrors().isEmpty()) {
            return new Connected(registry, clients, executors);
        }
        List<HttpUpstream> mirrors = new ArrayList<>();
        for (MirrorConfig mirror : config.mirrors()) {
            Clients its = clients(
                    mirror.tls(),
                    Proxies.of(mirror.proxy(), MIRRORS_PROXY, environment, sources),
                    Origin.of(mirror.url()),
                    hurried(config));
            clients.add(its);
            mirrors.add(mirror(name, mirror, its, executors));
        }
        return new Connected(new MirroredUpstream(mirrors, registry), clients, executors);
    }

    private HttpUpstream mirror(RegistryName name, MirrorConfig mirror, Clients its, UpstreamExecutors executors) {
        return upstream(
                name,
                Place.in(mirror, name),
                new Destinations(Origin.of(mirror.url()), true),
                its,
                sources.of(mirror.auth(), mirror.url().getRawAuthority()),
                AuthConfig.realms(mirror.auth()),
                executors,
                Optional.empty(),
                pace);
    }

    /** What stands between a client and the next source has no more time than all of them together. */
    private Timeouts hurried(UpstreamConfig config) {
        Duration stall = timeouts.stall().compareTo(timeouts.answer()) < 0 ? timeouts.stall() : timeouts.answer();
        return new Timeouts(
                timeouts.answer(), timeouts.connect().dividedBy(config.mirrors().size() + 1L), stall);
    }

    private Clients clients(TlsConfig tls, Proxies proxies, Origin origin, Timeouts times) {
        return new Clients(TlsContexts.of(tls, origin, trust), AddressGuard.around(origin, resolver), proxies, times);
    }

    private Connected unlisted(RegistryName name) {
        Origin origin = origin(name, "https");
        UpstreamExecutors executors = new UpstreamExecutors(name.toString(), Limits.DEFAULT.downloads());
        HttpUpstream registry = upstream(
                name,
                Place.in(origin),
                new Destinations(origin, false),
                unlistedClients,
                CredentialSource.ANONYMOUS,
                List.of(),
                executors,
                bandwidth(Limits.DEFAULT),
                pace.endingAfter(UNLISTED_PROBES));
        return new Connected(registry, List.of(), executors);
    }

    private HttpUpstream upstream(
            RegistryName name,
            Place place,
            Destinations destinations,
            Clients clients,
            CredentialSource source,
            List<URI> realms,
            UpstreamExecutors executors,
            Optional<Bandwidth> bandwidth,
            Breaker.Pace probing) {
        Origin origin = place.origin();
        RateLimits rates = new RateLimits(origin, System::nanoTime);
        BearerTokens tokens = new BearerTokens(new TokenService(clients, rates), System::nanoTime);
        Breaker breaker = new Breaker(
                origin,
                probing,
                probes,
                executors.metadata(Priority.CLIENT),
                () -> clients.answers(origin.resolve("/v2/")),
                System::nanoTime);
        return new HttpUpstream(
                name,
                place,
                self,
                destinations,
                clients,
                new Authenticator(destinations, new Identities(origin, source, realms), tokens),
                executors,
                bandwidth,
                new Health(origin, breaker, rates, place.isCache()));
    }

    private static ScheduledExecutorService probes() {
        ScheduledThreadPoolExecutor probes = new ScheduledThreadPoolExecutor(1, Daemons.named("probes"));
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
