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
 * How the requests of one client get to their targets: straight, or through a proxy, and never past the {@link AddressGuard}.
 *
 * <p>Where a proxy leads to a target, the guard looks at the target before the proxy is asked for it. The proxy itself is where the operator
 * says; no upstream can send us there. An answer of the proxy is a {@link ProxyFailure}, never taken for one of the target.
 */
public final class ProxyRouting implements DnsResolver {
    private static final String WAY = ProxyRouting.class.getName();

    private final Proxies proxies;
    private final AddressGuard guard;
    private final Timeout connect;

    /**
     * Ways through some proxies.
     *
     * @param connect how long a proxy may take to connect to the target
     */
    public ProxyRouting(Proxies proxies, AddressGuard guard, Timeout connect) {
        this.proxies = proxies;
        this.guard = guard;
        this.connect = connect;
    }

    /** One request's way. One thread's. */
    private static final class Way {
        private final @Nullable HttpProxy proxy;
        private final Origin target;
        private @Nullable RequestConfig usual;
        private boolean connected;

        Way(@Nullable HttpProxy proxy, Origin target) {
            this.proxy = proxy;
            this.target = target;
        }

        static Way of(HttpContext context) {
            return (Way) context.getAttribute(WAY);
        }
    }

    /**
     * The context to send a request there with.
     *
     * @throws UnknownHostException if it may not be sent there
     */
    public HttpClientContext to(HttpHost host) throws UnknownHostException {
        Origin target = Origin.of(host);
        Optional<HttpProxy> proxy = proxies.to(target);
        if (proxies.isOne(host.getHostName(), target.port())) {
            guard.checkHome(target);
        }
        HttpClientContext context = HttpClientContext.create();
        context.setAttribute(WAY, new Way(proxy.orElse(null), target));
        if (proxy.isPresent()) {
            guard.checkProxied(target);
            proxy.get().introduce(context);
        }
        return context;
    }

    public void install(HttpClientBuilder client) {
        client.setRoutePlanner(new DefaultRoutePlanner(null) {
            @Override
            protected @Nullable HttpHost determineProxy(HttpHost target, HttpContext context) {
                HttpProxy proxy = Way.of(context).proxy;
                return proxy == null ? null : proxy.host();
            }
        });
        client.addExecInterceptorBefore(ChainElement.CONNECT.name(), "before a connection", this::connect);
        client.addExecInterceptorAfter(ChainElement.CONNECT.name(), "after a connection", this::connected);
    }

    private ClassicHttpResponse connect(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        HttpClientContext context = scope.clientContext;
        Way way = Way.of(context);
        HttpProxy proxy = way.proxy;
        if (proxy == null) {
            return chain.proceed(request, scope);
        }
        way.usual = context.getRequestConfigOrDefault();
        context.setRequestConfig(
                RequestConfig.copy(way.usual).setResponseTimeout(connect).build());
        try {
            ClassicHttpResponse answer = chain.proceed(request, scope);
            boolean byProxy = !scope.route.isTunnelled() && answer.getCode() == ProxyFailure.AUTHENTICATION_REQUIRED;
            if (way.connected && !byProxy) {
                return answer;
            }
            scope.execRuntime.discardEndpoint();
            throw ProxyFailure.answered(proxy, way.target, answer);
        } catch (UnknownHostException | SocketException | SocketTimeoutException | NoHttpResponseException e) {
            throw way.connected ? e : ProxyFailure.of(proxy, way.target, e);
        }
    }

    private ClassicHttpResponse connected(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        HttpClientContext context = scope.clientContext;
        Way way = Way.of(context);
        way.connected = true;
        if (way.usual != null) {
            context.setRequestConfig(way.usual);
        }
        return chain.proceed(request, scope);
    }

    @Override
    public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
        InetAddress[] found = proxies.isOne(host, port) ? guard.unguarded(host) : guard.resolve(host);
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
