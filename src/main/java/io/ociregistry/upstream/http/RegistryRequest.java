package io.ociregistry.upstream.http;

import io.ociregistry.common.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.address.AllowedTargets;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.auth.AuthChallenge;
import io.ociregistry.upstream.auth.Authenticator;
import io.ociregistry.upstream.health.Health;
import io.ociregistry.upstream.health.SilenceDetector;
import io.ociregistry.upstream.net.ErrorMapping;
import io.ociregistry.upstream.net.HttpAnswer;
import io.ociregistry.upstream.net.UpstreamClients;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.NameValuePair;
import org.jspecify.annotations.Nullable;

/**
 * One request to a registry, through challenges and redirects to its answer.
 *
 * <p>Redirects are followed by hand, 10 at most; what authorizes us to one origin is never sent to another, and https is never left for
 * http. Every origin is given one chance to challenge.
 */
final class RegistryRequest {
    private static final int MAX_REDIRECTS = 10;
    /** Redirects to where the same thing is; 303 names something else in its place (RFC 9110, 15.4.4). */
    static final List<Integer> SAME_RESOURCE = List.of(301, 302, 307, 308);

    private static final List<Integer> REFUSALS = List.of(401, 403);

    private static final List<Integer> REDIRECTS = List.of(301, 302, 303, 307, 308);

    private final UpstreamClients clients;
    private final AllowedTargets destinations;
    private final Authenticator authenticator;
    private final Health health;
    private final RequestKind kind;
    private final String method;
    private final String repository;
    private final String what;
    private final List<? extends NameValuePair> headers;

    private URI uri;
    /** Whether the registry was asked what it wants of everybody. */
    private boolean asked;

    RegistryRequest(
            UpstreamClients clients,
            AllowedTargets destinations,
            Authenticator authenticator,
            Health health,
            RequestKind kind,
            String method,
            URI uri,
            String repository,
            String what,
            List<? extends NameValuePair> headers) {
        this.clients = clients;
        this.destinations = destinations;
        this.authenticator = authenticator;
        this.health = health;
        this.kind = kind;
        this.method = method;
        this.uri = uri;
        this.repository = repository;
        this.what = what;
        this.headers = headers;
    }

    /** Sends it, unless the upstream limits such requests just now. The caller reads or discards the answer. */
    HttpAnswer send() {
        return send(REDIRECTS);
    }

    /** The same, following redirects of these statuses alone. */
    HttpAnswer send(List<Integer> followed) {
        Authenticator.Attempt attempt = authorized(() -> {
            health.limits().check(kind);
            return authenticator.atHome(repository);
        });
        for (int redirects = 0; redirects <= MAX_REDIRECTS; ) {
            HttpAnswer answer = once(attempt.header());
            int status = answer.response().getCode();
            if (REFUSALS.contains(status)) {
                if (!improved(attempt, answer)) {
                    return answer;
                }
            } else if (followed.contains(status)) {
                answer.skip();
                attempt = follow(attempt, answer.response());
                redirects++;
            } else if (status == 404 && attempt.isFallback()) {
                answer.skip();
                throw refusedBefore();
            } else {
                return answer;
            }
        }
        throw bad("it was redirected more than " + MAX_REDIRECTS + " times", null);
    }

    /** Sends the request, and again if it was broken off because a silent registry is back. */
    private HttpAnswer once(Optional<Secret> authorization) {
        Origin to = Origin.of(uri);
        while (true) {
            HttpUriRequestBase request = request(authorization);
            Optional<SilenceDetector.Wait> wait = health.begin(to, request::cancel);
            try {
                HttpAnswer answer = clients.send(pool(), request);
                if (!ended(wait)) {
                    health.answered(kind, to, answer.response());
                    return answer;
                }
                answer.discard();
            } catch (RegistryException e) {
                throw named(e);
            } catch (IOException e) {
                if (!ended(wait)) {
                    RegistryException failure = ErrorMapping.of(what, to, e);
                    health.failed(to, failure);
                    throw failure;
                }
            } finally {
                ended(wait);
            }
        }
    }

    /** Ends the wait. Returns true if the request was broken off. */
    private static boolean ended(Optional<SilenceDetector.Wait> wait) {
        return wait.map(SilenceDetector.Wait::end).orElse(false);
    }

    private HttpUriRequestBase request(Optional<Secret> authorization) {
        HttpUriRequestBase request = new HttpUriRequestBase(method, uri);
        headers.forEach(header -> request.setHeader(header.getName(), header.getValue()));
        request.setHeader("Accept-Encoding", "identity");
        authorization.ifPresent(secret -> request.setHeader("Authorization", secret.reveal()));
        return request;
    }

    private UpstreamClients.Pool pool() {
        return kind == RequestKind.BLOB ? UpstreamClients.Pool.BLOBS : UpstreamClients.Pool.METADATA;
    }

    private boolean improved(Authenticator.Attempt attempt, HttpAnswer answer) {
        List<String> challenges = challenges(answer.response());
        // Before the token is asked for, which can then go over the same connection.
        answer.skip();
        int status = answer.response().getCode();
        boolean bare = status == 401
                && challenges.isEmpty()
                && !asked
                && Origin.of(uri).equals(destinations.home());
        List<String> known = bare ? challengesOfTheRegistry() : challenges;
        return authorized(() -> attempt.improve(status, AuthChallenge.parse(known)));
    }

    private static List<String> challenges(ClassicHttpResponse answer) {
        return Arrays.stream(answer.getHeaders("WWW-Authenticate"))
                .map(Header::getValue)
                .toList();
    }

    /** What the registry wants of everybody, for the one answer that does not say so: gcr.io's, now and then. */
    private List<String> challengesOfTheRegistry() {
        asked = true;
        HttpUriRequestBase request =
                new HttpUriRequestBase("GET", destinations.home().resolve("/v2/"));
        try (HttpAnswer answer = clients.send(UpstreamClients.Pool.METADATA, request)) {
            return challenges(answer.response());
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Nobody is told that something private is missing, so it may be there. */
    private RegistryException refusedBefore() {
        return new RegistryException(
                ErrorCode.DENIED,
                what + ": upstream refused the configured credentials, and answered 404 without them; correct them");
    }

    private <T> T authorized(Supplier<T> authentication) {
        try {
            return authentication.get();
        } catch (RegistryException e) {
            throw named(e);
        }
    }

    private RegistryException named(RegistryException e) {
        return new RegistryException(
                e.code(), what + ": " + e.getMessage(), e, e.retryAfter().orElse(null));
    }

    /** Goes on to where the answer says; what comes next is the same attempt if that is of the same origin. */
    private Authenticator.Attempt follow(Authenticator.Attempt attempt, ClassicHttpResponse response) {
        Header location = response.getFirstHeader("Location");
        try {
            Origin before = Origin.of(uri);
            URI next = target(location == null ? "" : location.getValue().strip());
            Origin after = destinations.check(next);
            uri = next;
            return after.equals(before) ? attempt : authenticator.elsewhere(after, repository);
        } catch (RegistryException e) {
            throw named(e);
        } catch (IllegalArgumentException e) {
            throw bad("it was redirected to where nothing can be: " + e.getMessage(), e);
        }
    }

    private URI target(String location) {
        if (location.isEmpty()) {
            throw new IllegalArgumentException("no Location is given");
        }
        // RFC 3986 keeps the path where only a query is given; Java follows RFC 2396, which drops its last component.
        return uri.resolve(Origin.parse(location.startsWith("?") ? uri.getRawPath() + location : location));
    }

    private RegistryException bad(String why, @Nullable Throwable cause) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": " + why, cause);
    }

    /** The media type of an answer. */
    static MediaType contentType(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Content-Type");
        return header == null ? MediaType.NONE : new MediaType(header.getValue());
    }
}
