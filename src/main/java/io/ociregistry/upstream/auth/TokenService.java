package io.ociregistry.upstream.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.common.Secret;
import io.ociregistry.metrics.RegistryMetrics.Outcome;
import io.ociregistry.metrics.RegistryMetrics.To;
import io.ociregistry.metrics.SourceMetrics;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.health.RateLimits;
import io.ociregistry.upstream.net.AnswerTimes;
import io.ociregistry.upstream.net.ErrorMapping;
import io.ociregistry.upstream.net.HttpAnswer;
import io.ociregistry.upstream.net.UpstreamClients;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.io.entity.StringEntity;

/** Requests tokens from the token services of one registry. Thread-safe. */
public final class TokenService implements Function<TokenRequest, BearerTokens.Grant> {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    /** Tokens have up to 32 KB. Many answers contain the token twice, and a refresh token. */
    private static final int LIMIT = 256 << 10;
    /**
     * The life of a token without {@code expires_in}, and the shortest life, in seconds (distribution's token
     * specification).
     */
    private static final int SHORTEST_LIFE = 60;
    /**
     * A token is cached for this time at least. Otherwise, if the clocks of a token service differ, each request would
     * fetch a token.
     */
    private static final Duration SHORTEST_CACHE_TIME = Duration.ofSeconds(10);
    /** Statuses of token services without POST: 400 ACR, 401 Artifactory, 404 GCR, 405 others. */
    private static final List<Integer> NO_POST = List.of(400, 401, 404, 405);

    private final UpstreamClients clients;
    private final RateLimits limits;
    private final SourceMetrics metrics;

    public TokenService(UpstreamClients clients, RateLimits limits, SourceMetrics metrics) {
        this.clients = clients;
        this.limits = limits;
        this.metrics = metrics;
    }

    @Override
    public BearerTokens.Grant apply(TokenRequest token) {
        return token.identityToken()
                .flatMap(identity -> exchangeByPost(token, identity))
                .orElseGet(() -> requestByGet(token));
    }

    /** Requests a token by GET, which every token service supports. */
    private BearerTokens.Grant requestByGet(TokenRequest token) {
        HttpGet request = new HttpGet(token.uri());
        token.basicHeader().ifPresent(secret -> request.setHeader("Authorization", secret.reveal()));
        return ask(token, request, List.of()).orElseThrow();
    }

    /**
     * Exchanges an identity token by POST; empty if the token service does not support POST, which services report in
     * many ways.
     */
    private Optional<BearerTokens.Grant> exchangeByPost(TokenRequest token, Secret identity) {
        HttpPost request = new HttpPost(token.formUri());
        request.setEntity(new StringEntity(token.form(identity).reveal(), ContentType.APPLICATION_FORM_URLENCODED));
        return ask(token, request, NO_POST);
    }

    private Optional<BearerTokens.Grant> ask(
            TokenRequest token, HttpUriRequestBase request, List<Integer> unsupported) {
        limits.check(RequestKind.TOKEN);
        Origin origin = Origin.of(token.realm());
        // Without the query, which may contain a user name.
        String what =
                request.getMethod() + " token from " + origin + token.realm().getRawPath()
                        + token.scope().map(scope -> " for " + scope).orElse("");
        long start = System.nanoTime();
        try (HttpAnswer sent = clients.send(UpstreamClients.Pool.METADATA, request)) {
            ClassicHttpResponse answer = sent.response();
            limits.recordAnswer(RequestKind.TOKEN, answer);
            metrics.counts().answeredIn(To.TOKEN, System.nanoTime() - start);
            metrics.counts().asked(To.TOKEN, Outcome.of(answer.getCode()));
            if (answer.getCode() != 200) {
                if (unsupported.contains(answer.getCode())) {
                    return Optional.empty();
                }
                throw ErrorMapping.of(what, answer, ErrorCode.DENIED);
            }
            byte[] body = body(answer);
            metrics.counts().received(To.TOKEN, body.length);
            if (body.length > LIMIT) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER, what + ": the answer is larger than " + LIMIT + " bytes");
            }
            return Optional.of(grant(what, answer, body));
        } catch (IOException e) {
            ErrorMapping.outcome(e).ifPresent(outcome -> metrics.counts().asked(To.TOKEN, outcome));
            throw ErrorMapping.of(what, origin, e);
        }
    }

    /**
     * Returns the remaining life of a token, which starts when the token is issued. A token service may answer with a
     * token from its cache.
     */
    private static Duration life(JsonNode json, HttpResponse answer) {
        Duration life = Duration.ofSeconds(
                Math.max(SHORTEST_LIFE, json.path("expires_in").asInt(SHORTEST_LIFE)));
        Duration elapsed = issuedAt(json)
                .map(issued -> AnswerTimes.since(issued, answer))
                .filter(since -> !since.isNegative() && since.compareTo(life) < 0)
                .orElse(Duration.ZERO);
        Duration remaining = life.minus(elapsed);
        return remaining.compareTo(SHORTEST_CACHE_TIME) < 0 ? SHORTEST_CACHE_TIME : remaining;
    }

    private static Optional<Instant> issuedAt(JsonNode json) {
        try {
            return Optional.of(
                    OffsetDateTime.parse(json.path("issued_at").asText("")).toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static byte[] body(ClassicHttpResponse answer) throws IOException {
        if (answer.getEntity() == null) {
            return new byte[0];
        }
        return answer.getEntity().getContent().readNBytes(LIMIT + 1);
    }

    private static BearerTokens.Grant grant(String what, HttpResponse answer, byte[] body) throws IOException {
        try {
            JsonNode json = JSON.readTree(body);
            String token = json.path("access_token").asText("");
            token = token.isEmpty() ? json.path("token").asText("") : token;
            if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                throw new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": the answer contains no token");
            }
            return new BearerTokens.Grant(new Secret(token), life(json, answer));
        } catch (JsonProcessingException e) {
            // The message of the exception quotes the body.
            throw new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": the answer is not JSON");
        }
    }
}
