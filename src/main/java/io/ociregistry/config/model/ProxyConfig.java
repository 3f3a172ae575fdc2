package io.ociregistry.config.model;

import io.ociregistry.config.ProxyEnvironment;
import java.util.List;

/** The proxy for requests to a registry, and to the hosts of its tokens and redirects. */
public sealed interface ProxyConfig {
    ProxyConfig AS_ENVIRONMENT = new AsEnvironment();
    ProxyConfig NONE = new None();

    /** The proxy of {@link ProxyEnvironment}. */
    record AsEnvironment() implements ProxyConfig {}

    /** No proxy, regardless of the environment. */
    record None() implements ProxyConfig {}

    /**
     * An HTTP proxy.
     *
     * @param host in lower case; IPv6 in brackets
     * @param auth the account at the proxy, or {@link AuthConfig#ANONYMOUS}
     * @param noProxy the exceptions, in the syntax of NO_PROXY
     */
    record Via(String host, int port, AuthConfig auth, List<String> noProxy) implements ProxyConfig {
        public Via {
            noProxy = List.copyOf(noProxy);
        }

        public Via as(AuthConfig account) {
            return new Via(host, port, account, noProxy);
        }

        public Via except(List<String> more) {
            return new Via(host, port, auth, more);
        }
    }
}
