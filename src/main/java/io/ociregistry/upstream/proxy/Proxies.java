package io.ociregistry.upstream.proxy;

import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.CredentialSources;
import java.util.Optional;
import java.util.stream.Stream;

/** The proxies that lead to one registry and to the hosts that it names. Thread-safe. */
public final class Proxies {
    public static final Proxies NONE = new Proxies(Optional.empty(), Optional.empty());

    private final Optional<Rule> forHttp;
    private final Optional<Rule> forHttps;

    private Proxies(Optional<Rule> forHttp, Optional<Rule> forHttps) {
        this.forHttp = forHttp;
        this.forHttps = forHttps;
    }

    private record Rule(HttpProxy proxy, NoProxy direct) {
        /** @param where the place of the credentials, for messages */
        static Optional<Rule> of(ProxyConfig config, String key, CredentialSources sources, String where) {
            if (!(config instanceof ProxyConfig.HttpProxy via)) {
                return Optional.empty();
            }
            HttpProxy proxy =
                    new HttpProxy(new Origin("http", via.host(), via.port()), sources.forProxy(key, via.auth()), where);
            return Optional.of(new Rule(proxy, NoProxy.of(via.noProxy())));
        }
    }

    /**
     * Creates the proxies of a registry or a mirror from its configuration, or from the environment if the
     * configuration leaves that open.
     *
     * @param key the configuration key of the proxy, for messages
     */
    public static Proxies of(ProxyConfig config, String key, ProxyEnvironment environment, CredentialSources sources) {
        if (config instanceof ProxyConfig.FromEnvironment) {
            return new Proxies(
                    Rule.of(
                            environment.http(),
                            key,
                            sources,
                            "http://USER:PASSWORD@... in the environment variable HTTP_PROXY"),
                    Rule.of(
                            environment.https(),
                            key,
                            sources,
                            "http://USER:PASSWORD@... in the environment variable HTTPS_PROXY"));
        }
        Optional<Rule> own = Rule.of(config, key, sources, key + ": user and password");
        return new Proxies(own, own);
    }

    /** Returns the proxy that leads to a target; empty if the target is reached directly. */
    Optional<HttpProxy> proxyFor(Origin target) {
        return (target.isHttps() ? forHttps : forHttp)
                .filter(rule -> !rule.direct().matches(target))
                .map(Rule::proxy);
    }

    /** Returns whether one of the proxies has this host and port. */
    boolean isProxy(String host, int port) {
        return Stream.of(forHttp, forHttps)
                .flatMap(Optional::stream)
                .map(rule -> rule.proxy().origin())
                .anyMatch(at -> at.port() == port && at.hasHost(host));
    }
}
