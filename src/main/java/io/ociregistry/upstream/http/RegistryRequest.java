package io.ociregistry.upstream.http;

import io.ociregistry.common.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Via;
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

    private final UpstreamTransport transport;
    private final Health health;
    private final OutgoingRequest request;
    /** The current target; changes with each redirect. */
    private URI uri;
    /** True after the registry was asked for its general challenges. */
    private boolean askedForChallenges;

    RegistryRequest(UpstreamTransport transport, Health health, OutgoingRequest request) {
        this.transport = transport;
        this.health = health;
        this.request = request;
        this.uri = request.uri();
    }

    /** Sends it, unless the upstream limits such requests just now. The caller reads or discards the answer. */
    HttpAnswer send() {
        return send(REDIRECTS);
    }

    /** The same, following redirects of these statuses alone. */
    HttpAnswer send(List<Integer> followed) {
        Authenticator.Attempt attempt = authorized(() -> {
            health.limits().check(request.kind());
            return transport.authenticator().atHome(request.repository());
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
            HttpUriRequestBase message = message(authorization);
            Optional<SilenceDetector.Wait> wait = health.begin(to, message::cancel);
            try {
                HttpAnswer answer = transport.clients().send(pool(), message);
                if (!ended(wait)) {
                    health.answered(request.kind(), to, answer.response());
                    return answer;
                }
                answer.discard();
            } catch (RegistryException e) {
                throw named(e);
            } catch (IOException e) {
                if (!ended(wait)) {
                    RegistryException failure = ErrorMapping.of(request.description(), to, e);
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

    private HttpUriRequestBase message(Optional<Secret> authorization) {
        HttpUriRequestBase message = new HttpUriRequestBase(request.method(), uri);
        request.headers().forEach(header -> message.setHeader(header.getName(), header.getValue()));
        message.setHeader("Via", Via.here().andThrough(transport.pseudonym()));
        message.setHeader("Accept-Encoding", "identity");
        authorization.ifPresent(secret -> message.setHeader("Authorization", secret.reveal()));
        return message;
    }

    private UpstreamClients.Pool pool() {
        return request.kind() == RequestKind.BLOB ? UpstreamClients.Pool.BLOBS : UpstreamClients.Pool.METADATA;
    }

    private boolean improved(Authenticator.Attempt attempt, HttpAnswer answer) {
        List<String> challenges = challenges(answer.response());
        // Before the token is asked for, which can then go over the same connection.
        answer.skip();
        int status = answer.response().getCode();
        boolean bare = status == 401
                && challenges.isEmpty()
                && !askedForChallenges
                && Origin.of(uri).equals(transport.targets().home());
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
        askedForChallenges = true;
        URI base = transport.targets().home().resolve("/v2/");
        try (HttpAnswer answer =
                transport.clients().send(UpstreamClients.Pool.METADATA, new HttpUriRequestBase("GET", base))) {
            return challenges(answer.response());
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Nobody is told that something private is missing, so it may be there. */
    private RegistryException refusedBefore() {
        return new RegistryException(
                ErrorCode.DENIED,
                request.description() + ": upstream refused the configured credentials, and answered 404 without them; correct them");
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
                e.code(),
                request.description() + ": " + e.getMessage(),
                e,
                e.retryAfter().orElse(null));
    }

    /** Goes on to where the answer says; what comes next is the same attempt if that is of the same origin. */
    private Authenticator.Attempt follow(Authenticator.Attempt attempt, ClassicHttpResponse response) {
        Header location = response.getFirstHeader("Location");
        try {
            Origin before = Origin.of(uri);
            URI next = target(location == null ? "" : location.getValue().strip());
            Origin after = transport.targets().check(next);
            uri = next;
            return after.equals(before)
                    ? attempt
                    : transport.authenticator().elsewhere(after, request.repository());
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
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, request.description() + ": " + why, cause);
    }

    /** The media type of an answer. */
    static MediaType contentType(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Content-Type");
        return header == null ? MediaType.NONE : new MediaType(header.getValue());
    }
}
