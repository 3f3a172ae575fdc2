package io.ociregistry.config.model;

import io.ociregistry.config.ProxyEnvironment;
import java.util.List;

/** Whether a registry, and what it sends us to, is reached through a proxy, and through which. */
public sealed interface ProxyConfig {
    ProxyConfig AS_ENVIRONMENT = new AsEnvironment();
    ProxyConfig NONE = new None();

    /** As {@link ProxyEnvironment} has it. */
    record AsEnvironment() implements ProxyConfig {}

    /** Directly, whatever the environment says. */
    record None() implements ProxyConfig {}

    /**
     * Through an HTTP proxy.
     *
     * @param host in lower case; IPv6 in brackets
     * @param auth who we are to the proxy: nobody, or an account
     * @param noProxy what is reached directly all the same, as NO_PROXY has it
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
