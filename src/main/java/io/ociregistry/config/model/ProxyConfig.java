package io.ociregistry.config.model;

import io.ociregistry.config.ProxyEnvironment;
import java.util.List;

/** The proxy for requests to a registry, and to the hosts of its tokens and redirects. */
public sealed interface ProxyConfig {
    ProxyConfig FROM_ENVIRONMENT = new FromEnvironment();
    ProxyConfig NONE = new None();

    /** The proxy of {@link ProxyEnvironment}. */
    record FromEnvironment() implements ProxyConfig {}

    /** No proxy, regardless of the environment. */
    record None() implements ProxyConfig {}

    /**
     * An HTTP proxy.
     *
     * @param host in lower case; IPv6 in brackets
     * @param auth the account at the proxy, or {@link AuthConfig#ANONYMOUS}
     * @param noProxy the exceptions, in the syntax of NO_PROXY
     */
    record HttpProxy(String host, int port, AuthConfig auth, List<String> noProxy) implements ProxyConfig {
        public HttpProxy {
            noProxy = List.copyOf(noProxy);
        }

        public HttpProxy withAuth(AuthConfig account) {
            return new HttpProxy(host, port, account, noProxy);
        }

        public HttpProxy withNoProxy(List<String> more) {
            return new HttpProxy(host, port, auth, more);
        }
    }
}
