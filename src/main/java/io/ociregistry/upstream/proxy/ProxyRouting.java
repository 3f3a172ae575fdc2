package io.ociregistry.upstream.proxy;

import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.Origin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.ChainElement;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Routes the requests of one HTTP client to their targets, directly or through a proxy, and always through the
 * {@link AddressGuard}.
 *
 * <p>If a proxy leads to a target, the guard checks the target before the request goes to the proxy (ADR 15). The
 * address of the proxy is the operator's choice and is not checked; no upstream can name one. An answer of the proxy is
 * a {@link ProxyException} and never passes for an answer of the target. Thread-safe.
 */
public final class ProxyRouting implements DnsResolver {
    private static final String ROUTE = ProxyRouting.class.getName();

    private final Proxies proxies;
    private final AddressGuard guard;
    private final Timeout connect;

    /**
     * Creates the routing through these proxies.
     *
     * @param connect the time limit for a proxy to connect to its target
     */
    public ProxyRouting(Proxies proxies, AddressGuard guard, Timeout connect) {
        this.proxies = proxies;
        this.guard = guard;
        this.connect = connect;
    }

    /** Route of one request; used by one thread. */
    private static final class Route {
        private final @Nullable HttpProxy proxy;
        private final Origin target;
        private @Nullable RequestConfig targetConfig;
        private boolean connected;

        Route(@Nullable HttpProxy proxy, Origin target) {
            this.proxy = proxy;
            this.target = target;
        }

        static Route of(HttpContext context) {
            return (Route) context.getAttribute(ROUTE);
        }
    }

    /**
     * Returns the context for sending a request to a host.
     *
     * @throws UnknownHostException if the request may not be sent there
     */
    public HttpClientContext contextFor(HttpHost host) throws UnknownHostException {
        Origin target = Origin.of(host);
        Optional<HttpProxy> proxy = proxies.proxyFor(target);
        if (proxies.isProxy(host.getHostName(), target.port())) {
            guard.checkIsRegistry(target);
        }
        HttpClientContext context = HttpClientContext.create();
        context.setAttribute(ROUTE, new Route(proxy.orElse(null), target));
        if (proxy.isPresent()) {
            guard.checkProxied(target);
            proxy.get().addCredentials(context);
        }
        return context;
    }

    public void install(HttpClientBuilder client) {
        client.setRoutePlanner(new DefaultRoutePlanner(null) {
            @Override
            protected @Nullable HttpHost determineProxy(HttpHost target, HttpContext context) {
                HttpProxy proxy = Route.of(context).proxy;
                return proxy == null ? null : proxy.httpHost();
            }
        });
        client.addExecInterceptorBefore(ChainElement.CONNECT.name(), "before a connection", this::connect);
        client.addExecInterceptorAfter(ChainElement.CONNECT.name(), "after a connection", this::connected);
    }

    private ClassicHttpResponse connect(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        HttpClientContext context = scope.clientContext;
        Route route = Route.of(context);
        HttpProxy proxy = route.proxy;
        if (proxy == null) {
            return chain.proceed(request, scope);
        }
        route.targetConfig = context.getRequestConfigOrDefault();
        context.setRequestConfig(RequestConfig.copy(route.targetConfig)
                .setResponseTimeout(connect)
                .build());
        try {
            ClassicHttpResponse answer = chain.proceed(request, scope);
            boolean byProxy = !scope.route.isTunnelled() && answer.getCode() == ProxyException.AUTHENTICATION_REQUIRED;
            if (route.connected && !byProxy) {
                return answer;
            }
            scope.execRuntime.discardEndpoint();
            throw ProxyException.refused(proxy, route.target, answer);
        } catch (UnknownHostException | SocketException | SocketTimeoutException | NoHttpResponseException e) {
            throw route.connected ? e : ProxyException.of(proxy, route.target, e);
        }
    }

    private ClassicHttpResponse connected(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        HttpClientContext context = scope.clientContext;
        Route route = Route.of(context);
        route.connected = true;
        if (route.targetConfig != null) {
            context.setRequestConfig(route.targetConfig);
        }
        return chain.proceed(request, scope);
    }

    @Override
    public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
        InetAddress[] found = proxies.isProxy(host, port) ? guard.resolveUnchecked(host) : guard.resolve(host);
        return Arrays.stream(found)
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        return guard.resolve(host);
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }
}
