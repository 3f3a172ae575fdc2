package io.ociregistry.upstream.net;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.proxy.Proxies;
import io.ociregistry.upstream.proxy.ProxyRouting;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SchemePortResolver;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The connections to one upstream, in separate pools: small requests, so that no long layer delays a manifest; blobs;
 * and probes.
 *
 * <p>A pool is created when it is first needed. The clients do not retry, follow redirects, decode bodies, keep cookies
 * or authenticate; callers do that. Only a request on a dead kept connection is sent again ({@link #send}).
 * Thread-safe. {@link #close} aborts all connections.
 */
public final class UpstreamClients implements AutoCloseable {
    /** Purpose of a request. */
    public enum Pool {
        METADATA,
        BLOBS,
        /** Keeps no connections, because a probe tests the upstream and not a kept connection. */
        PROBES
    }

    /**
     * Limit of connections, higher than the executors of all users are likely to need, so that the executors set the
     * limit. It is the same for one host, because unrelated registries may keep their blobs at one host.
     */
    private static final int CONNECTIONS = 512;

    /**
     * Limits of response headers. Registries send challenges, links and signed URLs that exceed the default of 8 KiB.
     * The limits bound the headers of one connection to 6.4 MB.
     */
    static final Http1Config HEADER_LIMITS = Http1Config.custom()
            .setMaxLineLength(64 << 10)
            .setMaxHeaderCount(100)
            .build();

    private static final Timeout IDLE_TIMEOUT = Timeout.ofMinutes(1);

    private static final int MAX_DEAD_CONNECTIONS = 3;
    /**
     * Fraction of the answer timeout that a request may lose on a kept connection, as a divisor. Clients that can get a
     * cached answer wait a third of that timeout; half of the third remains for a new connection.
     */
    private static final int REUSE_FRACTION = 6;

    private static final String USER_AGENT = "ociregistry/" + BuildInfo.read().version();

    private final TlsContexts tls;
    private final ProxyRouting routing;
    private final Timeouts timeouts;
    private final RequestConfig defaultConfig;
    // Guarded by this.
    private final Map<Pool, OpenClient> clients = new EnumMap<>(Pool.class);
    private boolean draining;
    private boolean closed;

    private record OpenClient(CloseableHttpClient client, DrainablePool pool) {}

    public UpstreamClients(TlsContexts tls, AddressGuard guard, Proxies proxies, Timeouts timeouts) {
        this.tls = tls;
        this.routing = new ProxyRouting(proxies, guard, Timeout.of(timeouts.connect()));
        this.timeouts = timeouts;
        this.defaultConfig = RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(timeouts.answer()))
                .setResponseTimeout(Timeout.of(timeouts.stall()))
                .build();
    }

    public Timeouts timeouts() {
        return timeouts;
    }

    /**
     * Sends a request and returns when the headers of the answer have arrived. The caller closes the answer. A body
     * that is not a blob must arrive at the rate of {@link MinRateStream}.
     *
     * <p>A kept connection may be closed at the moment of its reuse, or be dead. This does not mean that the upstream
     * is at fault: connections that have been idle since then are closed in all pools, and the request is sent again,
     * at most three times.
     */
    public HttpAnswer send(Pool pool, HttpUriRequestBase request) throws IOException {
        for (int deadConnections = 0; ; deadConnections++) {
            CloseableHttpClient client = client(pool);
            HttpHost target = target(request);
            HttpClientContext context = routing.contextFor(target);
            try {
                ClassicHttpResponse answer = client.executeOpen(target, request, context);
                return new HttpAnswer(request, pool == Pool.BLOBS ? answer : withMinRate(answer), Origin.of(target));
            } catch (IllegalStateException e) {
                // A closed pool throws this.
                refuseIfClosed(e);
                throw e;
            } catch (DrainablePool.StaleConnectionException e) {
                refuseIfClosed(e);
                if (deadConnections == MAX_DEAD_CONNECTIONS) {
                    throw explain(e.reason());
                }
                closeIdleSince(e.sentNanos());
                request.reset();
            } catch (IOException e) {
                refuseIfClosed(e);
                throw explain(e);
            }
        }
    }

    /** Reports the stop of this server instead of a failure that the stop caused. */
    private void refuseIfClosed(Exception e) throws StoppingException {
        if (isClosed()) {
            StoppingException stopping = new StoppingException();
            stopping.initCause(e);
            throw stopping;
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private ClassicHttpResponse withMinRate(ClassicHttpResponse answer) {
        if (answer.getEntity() != null) {
            answer.setEntity(MinRateStream.entity(answer.getEntity(), timeouts.stall()));
        }
        return answer;
    }

    private IOException explain(IOException e) {
        boolean disconnected = e instanceof SocketException
                || e instanceof NoHttpResponseException
                || e.getClass() == IOException.class;
        return disconnected && !(e instanceof ConnectException) && tls.lacksClientCertificate()
                ? new IOException(
                        e.getMessage()
                                + "; the upstream requests a client certificate, and none is configured: set tls.cert"
                                + " and tls.key of this registry or mirror",
                        e)
                : e;
    }

    private static HttpHost target(HttpUriRequestBase request) throws IOException {
        try {
            return RoutingSupport.determineHost(request);
        } catch (HttpException e) {
            throw new IOException("cannot send " + request.getMethod() + " to this URL: " + e.getMessage(), e);
        }
    }

    /**
     * Returns whether a URI answers with a status below 500 within a time, which is limited to {@code timeouts.stall}.
     */
    public boolean isResponding(URI uri, Duration atMost) {
        HttpGet request = new HttpGet(uri);
        Duration limit = atMost.compareTo(timeouts.stall()) < 0 ? atMost : timeouts.stall();
        request.setConfig(RequestConfig.copy(defaultConfig)
                .setResponseTimeout(Timeout.of(limit))
                .build());
        try (HttpAnswer answer = send(Pool.PROBES, request)) {
            return answer.response().getCode() < 500;
        } catch (IOException | RegistryException down) {
            return false;
        }
    }

    private synchronized CloseableHttpClient client(Pool pool) throws IOException {
        if (closed) {
            throw new StoppingException();
        }
        return clients.computeIfAbsent(pool, this::open).client;
    }

    private OpenClient open(Pool purpose) {
        // Loaded here, so that an unusable file is reported before any connection is made.
        tls.load();
        var builder = new PoolingHttpClientConnectionManagerBuilder() {
            @Override
            protected HttpClientConnectionOperator createConnectionOperator(
                    SchemePortResolver ports, DnsResolver resolver, TlsSocketStrategy strategy) {
                return new ConnectAttempts(resolver, super.createConnectionOperator(ports, resolver, strategy));
            }
        };
        PoolingHttpClientConnectionManager pool = builder.setConnectionFactory(
                        ManagedHttpClientConnectionFactory.builder()
                                .http1Config(HEADER_LIMITS)
                                .build())
                .setTlsSocketStrategy(tls)
                .setDnsResolver(routing)
                .setMaxConnPerRoute(CONNECTIONS)
                .setMaxConnTotal(CONNECTIONS)
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(timeouts.connect()))
                        .setSocketTimeout(Timeout.of(timeouts.stall()))
                        .setIdleTimeout(IDLE_TIMEOUT)
                        // Always validated before reuse, because there are no automatic retries.
                        .setValidateAfterInactivity(TimeValue.ZERO_MILLISECONDS)
                        .build())
                .build();
        DrainablePool connections =
                new DrainablePool(pool, new HeadTimes(timeouts.answer().dividedBy(REUSE_FRACTION)));
        if (draining || purpose == Pool.PROBES) {
            connections.drain();
        }
        HttpClientBuilder client = HttpClients.custom()
                .setConnectionManager(connections)
                .setUserAgent(USER_AGENT)
                .setDefaultRequestConfig(defaultConfig)
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                // Otherwise no connection with a client certificate is ever reused.
                .disableConnectionState();
        routing.install(client);
        return new OpenClient(client.build(), connections);
    }

    /**
     * Keeps no idle connections from now on. Requests in flight continue, and requests that they still need are sent.
     */
    public synchronized void drain() {
        draining = true;
        clients.values().forEach(each -> each.pool.drain());
    }

    private synchronized void closeIdleSince(long nanoTime) {
        clients.values().forEach(each -> each.pool.closeIdleSince(nanoTime));
    }

    /** Reports that this server is stopping and sends no more requests; a retry is useless. */
    static final class StoppingException extends IOException {
        private static final long serialVersionUID = 1L;

        StoppingException() {
            super("this server is stopping");
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        clients.values().forEach(each -> each.client.close(CloseMode.IMMEDIATE));
    }
}
