package io.ociregistry.upstream.proxy;

import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.CredentialSource;
import io.ociregistry.upstream.credentials.Credentials;
import java.util.Optional;
import org.apache.hc.client5.http.auth.AuthExchange;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.impl.auth.BasicScheme;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.HttpHost;

/**
 * An HTTP proxy and the credentials for it.
 *
 * @param origin the origin of the proxy; never contains credentials
 * @param credentials the source of a user name and password; may be anonymous
 * @param credentialsSetting the setting that gives the credentials, for messages
 */
record HttpProxy(Origin origin, CredentialSource credentials, String credentialsSetting) {
    HttpHost httpHost() {
        return origin.httpHost();
    }

    /**
     * Sends the credentials with the first request, because a challenge by the proxy costs a round trip and often the
     * connection.
     */
    void addCredentials(HttpClientContext context) {
        if (credentials.get().orElse(null) instanceof Credentials.Account known) {
            BasicScheme basic = new BasicScheme();
            basic.initPreemptive(new UsernamePasswordCredentials(
                    known.user(), known.password().reveal().toCharArray()));
            AuthExchange exchange = new AuthExchange();
            exchange.select(basic);
            context.setAuthExchange(httpHost(), exchange);
        }
    }

    /** Returns the advice after a 407, and marks the credentials that were sent as refused. */
    String advice() {
        Optional<Credentials> sent = credentials.get();
        sent.ifPresent(credentials::invalidate);
        return sent.isPresent()
                ? "it refused the credentials of " + credentialsSetting + "; correct them"
                : "it requires credentials; set " + credentialsSetting;
    }

    @Override
    public String toString() {
        return "the proxy " + origin;
    }
}
