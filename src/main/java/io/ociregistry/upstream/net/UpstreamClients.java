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
 * The connections to one upstream: one pool for small requests and one for blobs, so that hour-long layers never keep a manifest waiting; a
 * third for probes.
 *
 * <p>Made when they are first needed. They do nothing by themselves: no retries, no redirects, no decoding, no cookies, no authentication.
 */
public final class UpstreamClients implements AutoCloseable {
    /** What a request is for. */
    public enum Pool {
        METADATA,
        BLOBS,
        /** Keeps no connections: a probe is about the upstream, not about a connection that was kept. */
        PROBES
    }

    /**
     * More than the executors of all that share this are likely to use: they decide. To one host as many as to all, since registries that
     * have nothing else in common keep their blobs at the same one.
     */
    private static final int CONNECTIONS = 512;

    /**
     * Registries send challenges, links and URLs with signatures that are longer than the 8 KiB of the library. Of so many lines: a connection
     * never holds more than 6.4 MB of them.
     */
    static final Http1Config HEADERS = Http1Config.custom()
            .setMaxLineLength(64 << 10)
            .setMaxHeaderCount(100)
            .build();

    private static final Timeout IDLE = Timeout.ofMinutes(1);

    private static final int MAX_UNUSABLE = 3;
    /**
     * The part of the time that clients wait which a request may lose on a kept connection. Clients to whom a cached answer can be given wait
     * a third of that time, which leaves half of the third for a fresh connection.
     */
    private static final int LOST_PART = 6;

    private static final String AGENT = "ociregistry/" + BuildInfo.read().version();

    private final TlsContexts tls;
    private final ProxyRouting ways;
    private final Timeouts timeouts;
    private final RequestConfig usual;
    // Guarded by this.
    private final Map<Pool, Opened> opened = new EnumMap<>(Pool.class);
    private boolean retired;
    private boolean closed;

    private record Opened(CloseableHttpClient client, DrainablePool pool) {}

    public UpstreamClients(TlsContexts tls, AddressGuard guard, Proxies proxies, Timeouts timeouts) {
        this.tls = tls;
        this.ways = new ProxyRouting(proxies, guard, Timeout.of(timeouts.connect()));
        this.timeouts = timeouts;
        this.usual = RequestConfig.custom()
                .setConnectionRequestTimeout(Timeout.of(timeouts.answer()))
                .setResponseTimeout(Timeout.of(timeouts.stall()))
                .build();
    }

    public Timeouts timeouts() {
        return timeouts;
    }

    /**
     * Sends a request; returns when the headers of the answer are in. The caller closes it. What is no blob must come at the
     * {@link MinRateStream}.
     *
     * <p>A kept connection may have been closed in the moment in which it is used again, or lead nowhere any more. That says nothing about the
     * upstream: connections that have been idle since then are closed in all pools, and the request is sent again.
     */
    public HttpAnswer send(Pool pool, HttpUriRequestBase request) throws IOException {
        for (int unusable = 0; ; unusable++) {
            CloseableHttpClient client = client(pool);
            HttpHost target = target(request);
            HttpClientContext context = ways.to(target);
            try {
                ClassicHttpResponse answer = client.executeOpen(target, request, context);
                return new HttpAnswer(request, pool == Pool.BLOBS ? answer : steady(answer), Origin.of(target));
            } catch (IllegalStateException e) {
                // So a pool says that it was closed.
                refuseIfClosed(e);
                throw e;
            } catch (DrainablePool.Unusable e) {
                refuseIfClosed(e);
                if (unusable == MAX_UNUSABLE) {
                    throw explained(e.reason());
                }
                closeIdleSince(e.sent());
                request.reset();
            } catch (IOException e) {
                refuseIfClosed(e);
                throw explained(e);
            }
        }
    }

    /** Whatever goes wrong in a stop is no fault of the upstream. */
    private void refuseIfClosed(Exception e) throws Stopping {
        if (isClosed()) {
            Stopping stopping = new Stopping();
            stopping.initCause(e);
            throw stopping;
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private ClassicHttpResponse steady(ClassicHttpResponse answer) {
        if (answer.getEntity() != null) {
            answer.setEntity(new MinRateEntity(answer.getEntity(), timeouts.stall()));
        }
        return answer;
    }

    private IOException explained(IOException e) {
        boolean broke = e instanceof SocketException
                || e instanceof NoHttpResponseException
                || e.getClass() == IOException.class;
        return broke && !(e instanceof ConnectException) && tls.lacksCertificate()
                ? new IOException(
                        e.getMessage()
                                + "; it asks its clients for a certificate, and there is none to show: set tls.cert and"
                                + " tls.key of this registry or mirror",
                        e)
                : e;
    }

    private static HttpHost target(HttpUriRequestBase request) throws IOException {
        try {
            return RoutingSupport.determineHost(request);
        } catch (HttpException e) {
            throw new IOException("no request can be made of " + request.getMethod() + " there: " + e.getMessage(), e);
        }
    }

    /** Whether that URI answers in that time, which is bounded by {@code timeouts.stall}, with whatever but a failure of its server. */
    public boolean answers(URI uri, Duration atMost) {
        HttpGet request = new HttpGet(uri);
        Duration limit = atMost.compareTo(timeouts.stall()) < 0 ? atMost : timeouts.stall();
        request.setConfig(
                RequestConfig.copy(usual).setResponseTimeout(Timeout.of(limit)).build());
        try (HttpAnswer answer = send(Pool.PROBES, request)) {
            return answer.response().getCode() < 500;
        } catch (IOException | RegistryException down) {
            return false;
        }
    }

    private synchronized CloseableHttpClient client(Pool pool) throws IOException {
        if (closed) {
            throw new Stopping();
        }
        return opened.computeIfAbsent(pool, this::open).client;
    }

    private Opened open(Pool purpose) {
        // Here, so that a file that can't be used is told before anybody is connected to.
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
                                .http1Config(HEADERS)
                                .build())
                .setTlsSocketStrategy(tls)
                .setDnsResolver(ways)
                .setMaxConnPerRoute(CONNECTIONS)
                .setMaxConnTotal(CONNECTIONS)
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(timeouts.connect()))
                        .setSocketTimeout(Timeout.of(timeouts.stall()))
                        .setIdleTimeout(IDLE)
                        // Always looked at before it is used again: there are no automatic retries.
                        .setValidateAfterInactivity(TimeValue.ZERO_MILLISECONDS)
                        .build())
                .build();
        DrainablePool connections =
                new DrainablePool(pool, new HeadTimes(timeouts.answer().dividedBy(LOST_PART)));
        if (retired || purpose == Pool.PROBES) {
            connections.retire();
        }
        HttpClientBuilder client = HttpClients.custom()
                .setConnectionManager(connections)
                .setUserAgent(AGENT)
                .setDefaultRequestConfig(usual)
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                // Else no connection that was made with a client certificate is ever used again.
                .disableConnectionState();
        ways.install(client);
        return new Opened(client.build(), connections);
    }

    /** Keeps no idle connections from now on. What is under way ends as ever, and what it still asks for is sent. */
    public synchronized void retire() {
        retired = true;
        opened.values().forEach(each -> each.pool.retire());
    }

    private synchronized void closeIdleSince(long nanoTime) {
        opened.values().forEach(each -> each.pool.closeIdleSince(nanoTime));
    }

    /** No more requests are made; trying again makes no sense. */
    static final class Stopping extends IOException {
        private static final long serialVersionUID = 1L;

        Stopping() {
            super("this server is stopping");
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        opened.values().forEach(each -> each.client.close(CloseMode.IMMEDIATE));
    }
}
