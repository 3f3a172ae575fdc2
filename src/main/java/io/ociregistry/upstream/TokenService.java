package io.ociregistry.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.config.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.function.Function;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.core5.http.ClassicHttpResponse;

/** Asks token services for tokens. */
final class TokenService implements Function<TokenRequest, BearerTokens.Grant> {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final int LIMIT = 64 << 10;
    /** The token specification: what counts where nothing is said, and the least that a client may assume. */
    private static final int SHORTEST_LIFE = 60;

    private final Clients clients;
    private final RateLimits limits;

    TokenService(Clients clients, RateLimits limits) {
        this.clients = clients;
        this.limits = limits;
    }

    @Override
    public BearerTokens.Grant apply(TokenRequest token) {
        limits.check(RequestKind.TOKEN);
        URI uri = token.uri();
        // Without the query: it may hold a user name.
        String what = "GET token from " + Origin.of(uri) + uri.getPath()
                + token.scope().map(scope -> " for " + scope).orElse("");
        HttpGet request = new HttpGet(uri);
        token.credentials()
                .ifPresent(c -> request.setHeader("Authorization", c.basic().reveal()));
        try (ClassicHttpResponse answer = clients.send(Clients.Pool.METADATA, request)) {
            limits.answered(RequestKind.TOKEN, answer);
            if (answer.getCode() != 200) {
                request.cancel();
                throw Failures.of(what, answer, ErrorCode.DENIED);
            }
            byte[] body = body(answer);
            if (body.length > LIMIT) {
                request.cancel(); // closing would read the rest
                throw new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER, what + ": the answer is larger than " + LIMIT + " bytes");
            }
            return grant(what, body);
        } catch (IOException e) {
            throw Failures.of(what, Origin.of(uri), e);
        }
    }

    private static byte[] body(ClassicHttpResponse answer) throws IOException {
        if (answer.getEntity() == null) {
            return new byte[0];
        }
        return answer.getEntity().getContent().readNBytes(LIMIT + 1);
    }

    private static BearerTokens.Grant grant(String what, byte[] body) throws IOException {
        try {
            JsonNode json = JSON.readTree(body);
            String token = json.path("access_token").asText("");
            token = token.isEmpty() ? json.path("token").asText("") : token;
            if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                throw new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": the answer holds no token");
            }
            int life = Math.max(SHORTEST_LIFE, json.path("expires_in").asInt(SHORTEST_LIFE));
            return new BearerTokens.Grant(new Secret(token), Duration.ofSeconds(life));
        } catch (JsonProcessingException e) {
            // Its message quotes the body.
            throw new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": the answer is no JSON");
        }
    }
}
