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
 * A proxy for HTTP, and who we are to it.
 *
 * @param at where it is; printed, it tells no credentials
 * @param account an account, or nobody
 * @param where what of the configuration the account is to be written to
 */
record HttpProxy(Origin at, CredentialSource account, String where) {
    HttpHost host() {
        return at.httpHost();
    }

    /** Says who we are with the first request, since a proxy that has to ask costs a round trip, and often the connection. */
    void introduce(HttpClientContext context) {
        if (account.get().orElse(null) instanceof Credentials.Account known) {
            BasicScheme basic = new BasicScheme();
            basic.initPreemptive(new UsernamePasswordCredentials(
                    known.user(), known.password().reveal().toCharArray()));
            AuthExchange exchange = new AuthExchange();
            exchange.select(basic);
            context.setAuthExchange(host(), exchange);
        }
    }

    /** What to do about its wanting to know who we are, or not knowing us. */
    String advice() {
        Optional<Credentials> shown = account.get();
        shown.ifPresent(account::refused);
        return shown.isPresent()
                ? "it does not take the credentials of " + where + "; correct them"
                : "it wants credentials; set " + where;
    }

    @Override
    public String toString() {
        return "the proxy " + at;
    }
}
