package io.ociregistry.upstream.http;

import io.ociregistry.common.Secret;
import io.ociregistry.metrics.RegistryMetrics;
import io.ociregistry.metrics.RegistryMetrics.Outcome;
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
 * Sends one request to a registry, answers challenges and follows redirects. Used once, by one thread.
 *
 * <p>At most 10 redirects are followed, and never one from https to http. The credentials of one origin are never sent
 * to another. At most one challenge of each origin is answered.
 */
final class RegistryRequest {
    private static final int MAX_REDIRECTS = 10;
    /** Redirects to the same resource; 303 names another resource in its place (RFC 9110, 15.4.4). */
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

    /**
     * Sends the request; throws while a rate limit of the upstream applies to it. The caller reads or discards the
     * answer.
     */
    HttpAnswer send() {
        return send(REDIRECTS);
    }

    /** Sends the request as {@link #send()} does, but follows only redirects with these statuses. */
    HttpAnswer send(List<Integer> followed) {
        Authenticator.Attempt attempt = withDescription(() -> {
            health.limits().check(request.kind());
            return transport.authenticator().forRegistry(request.repository());
        });
        for (int redirects = 0; redirects <= MAX_REDIRECTS; ) {
            RegistryMetrics.To to = health.target(Origin.of(uri));
            HttpAnswer answer = exchange(attempt.header());
            int status = answer.response().getCode();
            boolean isRetried = REFUSALS.contains(status) && answerChallenge(attempt, answer);
            health.metrics().counts().asked(to, isRetried ? Outcome.OK : Outcome.of(status));
            if (REFUSALS.contains(status)) {
                if (!isRetried) {
                    return answer;
                }
            } else if (followed.contains(status)) {
                answer.consumeOrAbort();
                attempt = follow(attempt, answer.response());
                redirects++;
            } else if (status == 404 && attempt.isAnonymousFallback()) {
                answer.consumeOrAbort();
                throw refusedCredentials();
            } else {
                if (status / 100 == 2) {
                    health.outcomes().recordSuccess(attempt.hasCredentials());
                }
                return answer;
            }
        }
        throw invalid("the upstream redirected the request more than " + MAX_REDIRECTS + " times", null);
    }

    /** Sends the request, and again each time it is canceled because a silent registry showed a sign of life. */
    private HttpAnswer exchange(Optional<Secret> authorization) {
        Origin to = Origin.of(uri);
        while (true) {
            HttpUriRequestBase message = message(authorization);
            Optional<SilenceDetector.Wait> wait = health.startWait(to, message::cancel);
            long start = System.nanoTime();
            try {
                HttpAnswer answer = transport.clients().send(pool(), message);
                if (!ended(wait)) {
                    health.recordAnswer(request.kind(), to, answer.response());
                    health.metrics().counts().answeredIn(health.target(to), System.nanoTime() - start);
                    return answer;
                }
                answer.abort();
            } catch (RegistryException e) {
                throw described(e);
            } catch (IOException e) {
                if (!ended(wait)) {
                    RegistryException failure = ErrorMapping.of(request.description(), to, e);
                    health.recordFailure(to, failure);
                    ErrorMapping.outcome(e)
                            .ifPresent(outcome -> health.metrics().counts().asked(health.target(to), outcome));
                    throw failure;
                }
            } finally {
                ended(wait);
            }
        }
    }

    /** Ends the wait. Returns true if the request was canceled. */
    private static boolean ended(Optional<SilenceDetector.Wait> wait) {
        return wait.map(SilenceDetector.Wait::end).orElse(false);
    }

    private HttpUriRequestBase message(Optional<Secret> authorization) {
        HttpUriRequestBase message = new HttpUriRequestBase(request.method(), uri);
        request.headers().forEach(header -> message.setHeader(header.getName(), header.getValue()));
        message.setHeader("Via", Via.current().toHeader(transport.pseudonym()));
        message.setHeader("Accept-Encoding", "identity");
        authorization.ifPresent(secret -> message.setHeader("Authorization", secret.reveal()));
        return message;
    }

    private UpstreamClients.Pool pool() {
        return request.kind() == RequestKind.BLOB ? UpstreamClients.Pool.BLOBS : UpstreamClients.Pool.METADATA;
    }

    /** Returns true if the attempt has other credentials now, so that the request is sent again. */
    private boolean answerChallenge(Authenticator.Attempt attempt, HttpAnswer answer) {
        List<String> challenges = challenges(answer.response());
        // Read to the end first, so that the token request can use the same connection.
        answer.consumeOrAbort();
        int status = answer.response().getCode();
        boolean lacksChallenge = status == 401
                && challenges.isEmpty()
                && !askedForChallenges
                && Origin.of(uri).equals(transport.targets().registry());
        List<String> known = lacksChallenge ? challengesOfRegistry() : challenges;
        return withDescription(() -> attempt.prepareRetry(status, AuthChallenge.parse(known)));
    }

    private static List<String> challenges(ClassicHttpResponse answer) {
        return Arrays.stream(answer.getHeaders("WWW-Authenticate"))
                .map(Header::getValue)
                .toList();
    }

    /** Asks {@code /v2/} for the challenges, because gcr.io sometimes sends a 401 without any. */
    private List<String> challengesOfRegistry() {
        askedForChallenges = true;
        URI base = transport.targets().registry().resolve("/v2/");
        try (HttpAnswer answer =
                transport.clients().send(UpstreamClients.Pool.METADATA, new HttpUriRequestBase("GET", base))) {
            return challenges(answer.response());
        } catch (IOException e) {
            return List.of();
        }
    }

    /** A registry may answer an anonymous request for private content with 404, so the content may exist. */
    private RegistryException refusedCredentials() {
        return new RegistryException(
                ErrorCode.DENIED,
                request.description() + ": upstream refused the configured credentials, and answered 404 without them;"
                        + " correct the credentials");
    }

    private <T> T withDescription(Supplier<T> authentication) {
        try {
            return authentication.get();
        } catch (RegistryException e) {
            throw described(e);
        }
    }

    private RegistryException described(RegistryException e) {
        return new RegistryException(
                e.code(),
                request.description() + ": " + e.getMessage(),
                e,
                e.retryAfter().orElse(null));
    }

    /** Sets the target of the redirect; returns the same attempt if its origin is the same, otherwise a new one. */
    private Authenticator.Attempt follow(Authenticator.Attempt attempt, ClassicHttpResponse response) {
        Header location = response.getFirstHeader("Location");
        try {
            Origin before = Origin.of(uri);
            URI next = target(location == null ? "" : location.getValue().strip());
            Origin after = transport.targets().check(next);
            uri = next;
            return after.equals(before) ? attempt : transport.authenticator().forRedirect(after, request.repository());
        } catch (RegistryException e) {
            throw described(e);
        } catch (IllegalArgumentException e) {
            throw invalid("the upstream redirected to an invalid address: " + e.getMessage(), e);
        }
    }

    private URI target(String location) {
        if (location.isEmpty()) {
            throw new IllegalArgumentException("the answer has no Location");
        }
        // RFC 3986 keeps the path if the reference is only a query; Java follows RFC 2396 and drops the last segment.
        return uri.resolve(Origin.parse(location.startsWith("?") ? uri.getRawPath() + location : location));
    }

    private RegistryException invalid(String reason, @Nullable Throwable cause) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, request.description() + ": " + reason, cause);
    }

    /** Returns the media type of an answer; {@link MediaType#NONE} if it has none. */
    static MediaType contentType(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Content-Type");
        return header == null ? MediaType.NONE : new MediaType(header.getValue());
    }
}
