package io.ociregistry.upstream.pool;

import io.ociregistry.common.Daemons;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.Limits;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.metrics.RegistryMetrics.To;
import io.ociregistry.metrics.SourceMetrics;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.tls.SystemTrust;
import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.AllowedTargets;
import io.ociregistry.upstream.address.CachingResolver;
import io.ociregistry.upstream.address.HostResolver;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import io.ociregistry.upstream.auth.Authenticator;
import io.ociregistry.upstream.auth.BearerTokens;
import io.ociregistry.upstream.auth.CredentialPolicy;
import io.ociregistry.upstream.auth.TokenService;
import io.ociregistry.upstream.credentials.CredentialSource;
import io.ociregistry.upstream.credentials.CredentialSources;
import io.ociregistry.upstream.credentials.DockerLogin;
import io.ociregistry.upstream.credentials.HelperPrograms;
import io.ociregistry.upstream.health.Breaker;
import io.ociregistry.upstream.health.Health;
import io.ociregistry.upstream.health.RateLimits;
import io.ociregistry.upstream.health.RequestOutcomes;
import io.ociregistry.upstream.health.SilenceDetector;
import io.ociregistry.upstream.http.HttpUpstream;
import io.ociregistry.upstream.http.UpstreamLocation;
import io.ociregistry.upstream.http.UpstreamTransport;
import io.ociregistry.upstream.net.TlsContexts;
import io.ociregistry.upstream.net.UpstreamClients;
import io.ociregistry.upstream.proxy.Proxies;
import io.ociregistry.upstream.work.Bandwidth;
import io.ociregistry.upstream.work.PriorityThreads;
import io.ociregistry.upstream.work.UpstreamExecutors;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Creates the upstreams of a configuration. Thread-safe; closing it ends the work of all upstreams that it created.
 *
 * <p>Opens no connection and reads no file before it is needed.
 */
public final class UpstreamFactory implements AutoCloseable {
    /** Endpoints of registries whose API has another host than their name. */
    private static final Map<String, String> ENDPOINTS = Map.of("docker.io", "https://registry-1.docker.io");

    /** Probing of an unlisted registry ends after this time, because clients can name any number of dead registries. */
    private static final Duration UNLISTED_PROBES = Duration.ofMinutes(10);
    /** The time at a stop for completed downloads to reach the disk. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private final String pseudonym;
    private final CachingResolver resolver;
    private final SystemTrust trust;
    private final Breaker.ProbeSchedule probes;
    private final CredentialSources sources;
    private final Metrics metrics;
    private final ScheduledExecutorService probeTimer = probeTimer();

    /** All clients in use, also those of replaced upstreams; held weakly, so that unused ones can be collected. */
    private final Set<UpstreamClients> clients = weak();

    private final Set<UpstreamExecutors> executors = weak();

    /**
     * Creates a factory.
     *
     * @param pseudonym the name of this server in {@code Via}
     */
    UpstreamFactory(
            String pseudonym,
            HostResolver names,
            SystemTrust trust,
            Breaker.ProbeSchedule probes,
            HelperPrograms helpers,
            Metrics metrics) {
        this.pseudonym = pseudonym;
        this.resolver = new CachingResolver(names, CachingResolver.LOOKUP_TIMEOUT);
        this.trust = trust;
        this.probes = probes;
        this.sources = new CredentialSources(helpers, System::nanoTime);
        this.metrics = metrics;
    }

    private static <T> Set<T> weak() {
        return Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
    }

    /** Creates the connections that all unlisted registries share. */
    UpstreamClients unlistedClients(Timeouts timeouts, ProxyEnvironment environment) {
        return registered(new UpstreamClients(
                TlsContexts.systemTrustOnly(trust),
                AddressGuard.publicOnly(resolver),
                Proxies.of(ProxyConfig.FROM_ENVIRONMENT, "registries[].proxy", environment, sources),
                timeouts));
    }

    /**
     * Creates an upstream.
     *
     * @param shared the connections of unlisted registries
     * @param before the upstream of the same registry that is replaced
     */
    PooledUpstream create(UpstreamSettings settings, UpstreamClients shared, Optional<PooledUpstream> before) {
        PooledUpstream.Resources resources = before.filter(
                        known -> known.settings().limits().equals(settings.limits()))
                .map(PooledUpstream::resources)
                .orElseGet(() -> resources(settings));
        return settings.entry().isPresent()
                ? listed(settings, settings.entry().get(), resources)
                : unlisted(settings, shared, resources);
    }

    private PooledUpstream.Resources resources(UpstreamSettings settings) {
        Limits limits = settings.limits();
        UpstreamExecutors own = new UpstreamExecutors(settings.name().toString(), limits.downloads());
        executors.add(own);
        Optional<Bandwidth> bandwidth = limits.bandwidth()
                .map(bytes -> new Bandwidth(
                        bytes, limits.downloads(), Bandwidth.Clock.SYSTEM, PriorityThreads::currentPriority));
        return new PooledUpstream.Resources(own, bandwidth);
    }

    private PooledUpstream listed(
            UpstreamSettings settings, UpstreamConfig config, PooledUpstream.Resources resources) {
        RegistryName name = settings.name();
        Origin origin = config.endpoint()
                .map(Origin::of)
                .orElseGet(() -> origin(name, config.scheme().toString().toLowerCase(Locale.ROOT)));
        String entry = "registries[" + name + "]";
        UpstreamClients own =
                clients(entry, config.tls(), proxies(entry, config.proxy(), settings), origin, settings.timeouts());
        HttpUpstream registry = upstream(
                new Source(
                        name,
                        UpstreamLocation.of(origin),
                        own,
                        sources.of(entry, config.auth(), credentialServer(config)),
                        AuthConfig.realms(config.auth()),
                        true),
                resources);
        if (config.mirrors().isEmpty()) {
            return new PooledUpstream(settings, registry, List.of(registry), List.of(own), resources);
        }
        List<UpstreamClients> all = new ArrayList<>(List.of(own));
        List<HttpUpstream> mirrors = new ArrayList<>();
        for (MirrorConfig mirror : config.mirrors()) {
            String mirrorEntry = mirrorEntry(name, mirror);
            UpstreamClients ownOfMirror = clients(
                    mirrorEntry,
                    mirror.tls(),
                    proxies(mirrorEntry, mirror.proxy(), settings),
                    Origin.of(mirror.url()),
                    mirrorTimeouts(settings, config));
            all.add(ownOfMirror);
            mirrors.add(mirror(name, mirror, ownOfMirror, resources));
        }
        List<HttpUpstream> withRegistry = new ArrayList<>(mirrors);
        withRegistry.add(registry);
        return new PooledUpstream(settings, new MirroredUpstream(mirrors, registry), withRegistry, all, resources);
    }

    private HttpUpstream mirror(
            RegistryName name, MirrorConfig mirror, UpstreamClients own, PooledUpstream.Resources resources) {
        return upstream(
                new Source(
                        name,
                        UpstreamLocation.of(mirror, name),
                        own,
                        sources.of(
                                mirrorEntry(name, mirror),
                                mirror.auth(),
                                mirror.url().getRawAuthority()),
                        AuthConfig.realms(mirror.auth()),
                        true),
                new PooledUpstream.Resources(resources.executors(), Optional.empty()));
    }

    /** Divides the connect timeout among all sources, so that unreachable mirrors do not add up to a long delay. */
    private static Timeouts mirrorTimeouts(UpstreamSettings settings, UpstreamConfig config) {
        Timeouts timeouts = settings.timeouts();
        Duration stall = timeouts.stall().compareTo(timeouts.answer()) < 0 ? timeouts.stall() : timeouts.answer();
        return new Timeouts(
                timeouts.answer(), timeouts.connect().dividedBy(config.mirrors().size() + 1L), stall);
    }

    /** Returns the entry of a mirror, for messages. */
    private static String mirrorEntry(RegistryName name, MirrorConfig mirror) {
        return "registries[" + name + "].mirrors[" + Origin.of(mirror.url()) + "]";
    }

    private Proxies proxies(String entry, ProxyConfig proxy, UpstreamSettings settings) {
        return Proxies.of(proxy, entry + ".proxy", settings.environment(), sources);
    }

    private UpstreamClients clients(String entry, TlsConfig tls, Proxies proxies, Origin origin, Timeouts times) {
        return registered(new UpstreamClients(
                TlsContexts.of(entry, tls, origin, trust), AddressGuard.forRegistry(origin, resolver), proxies, times));
    }

    private PooledUpstream unlisted(
            UpstreamSettings settings, UpstreamClients shared, PooledUpstream.Resources resources) {
        Origin origin = origin(settings.name(), "https");
        HttpUpstream registry = upstream(
                new Source(
                        settings.name(),
                        UpstreamLocation.of(origin),
                        shared,
                        CredentialSource.ANONYMOUS,
                        List.of(),
                        false),
                resources);
        return new PooledUpstream(settings, registry, List.of(registry), List.of(), resources);
    }

    /**
     * One source of a registry: the registry itself, or a mirror of it.
     *
     * @param realms token services of other sites that may get the credentials
     * @param isListed false for an unlisted registry
     */
    private record Source(
            RegistryName registry,
            UpstreamLocation location,
            UpstreamClients clients,
            CredentialSource credentials,
            List<URI> realms,
            boolean isListed) {
        Origin origin() {
            return location.origin();
        }

        SourceAddress address() {
            return new SourceAddress(registry, origin(), location.isMirror());
        }

        AllowedTargets targets() {
            return new AllowedTargets(origin(), isListed);
        }
    }

    private HttpUpstream upstream(Source source, PooledUpstream.Resources resources) {
        UpstreamClients clients = source.clients();
        RequestOutcomes outcomes = new RequestOutcomes(Clock.systemUTC());
        SourceMetrics counts =
                new SourceMetrics(metrics, source.registry(), source.location().isMirror() ? To.MIRROR : To.REGISTRY);
        RateLimits rates = new RateLimits(source.address(), System::nanoTime);
        BearerTokens tokens = new BearerTokens(new TokenService(clients, rates, counts), System::nanoTime);
        Timeouts times = clients.timeouts();
        Probe probe = new Probe(clients, source.origin().resolve("/v2/"));
        Breaker breaker = new Breaker(
                source.address(),
                source.isListed() ? probes : probes.endingAfter(UNLISTED_PROBES),
                probeTimer,
                resources.executors().probes(),
                pause -> {
                    boolean isBack = probe.isAnswered(pause.compareTo(times.answer()) > 0 ? pause : times.answer());
                    if (isBack) {
                        outcomes.recordRecovery();
                    }
                    return isBack;
                },
                System::nanoTime);
        SilenceDetector silence = new SilenceDetector(
                times.revalidationTimeout(),
                breaker,
                probeTimer,
                resources.executors().probes(),
                () -> probe.send(times.answer().minus(times.revalidationTimeout())),
                System::nanoTime);
        probe.reportTo(silence);
        CredentialPolicy credentials =
                new CredentialPolicy(source.address(), source.credentials(), source.realms(), outcomes);
        AllowedTargets targets = source.targets();
        Authenticator authenticator = new Authenticator(targets, credentials, tokens);
        return new HttpUpstream(
                source.registry(),
                source.location(),
                new UpstreamTransport(clients, targets, authenticator, pseudonym),
                new Health(
                        source.address(),
                        breaker,
                        silence,
                        rates,
                        outcomes,
                        counts,
                        source.location().isPullThroughMirror()),
                resources.executors(),
                resources.bandwidth());
    }

    /** Requests {@code /v2/} of one upstream; every answer counts. */
    private static final class Probe {
        private final UpstreamClients clients;
        private final URI uri;
        private volatile Runnable onAnswer = () -> {};

        Probe(UpstreamClients clients, URI uri) {
            this.clients = clients;
            this.uri = uri;
        }

        void reportTo(SilenceDetector silence) {
            onAnswer = silence::recordSignOfLife;
        }

        boolean isAnswered(Duration atMost) {
            boolean answer = clients.isResponding(uri, atMost);
            if (answer) {
                onAnswer.run();
            }
            return answer;
        }

        void send(Duration atMost) {
            boolean unused = isAnswered(atMost);
        }
    }

    private UpstreamClients registered(UpstreamClients created) {
        clients.add(created);
        return created;
    }

    private static ScheduledExecutorService probeTimer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, Daemons.withName("probes"));
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    /** Returns the server address under which docker keeps the credentials of a registry. */
    public static String credentialServer(UpstreamConfig config) {
        String host = config.endpoint().map(URI::getRawAuthority).orElse(config.name());
        return host.equals("docker.io") ? DockerLogin.DOCKER_HUB : host;
    }

    private static Origin origin(RegistryName name, String scheme) {
        return Origin.of(URI.create(ENDPOINTS.getOrDefault(name.toString(), scheme + "://" + name)));
    }

    /** Ends the work of all upstreams that it created, within 2 seconds in all. */
    @Override
    public void close() {
        probeTimer.shutdownNow();
        copy(clients).forEach(UpstreamClients::close);
        List<UpstreamExecutors> all = copy(executors);
        all.forEach(UpstreamExecutors::shutdown);
        long end = System.nanoTime() + STOP_TIMEOUT.toNanos();
        all.forEach(each -> each.terminate(Duration.ofNanos(Math.max(0, end - System.nanoTime()))));
        resolver.close();
    }

    private static <T> List<T> copy(Set<T> set) {
        synchronized (set) {
            return List.copyOf(set);
        }
    }
}
