package io.ociregistry.testing;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The access rule of a {@link FakeUpstream}: open, by password, or by a token for the repository. */
sealed interface FakeAuth {
    /** Returns the response that refuses the request; empty if the request is allowed. */
    Optional<Answer> refusal(Recorded request);

    record Open() implements FakeAuth {
        @Override
        public Optional<Answer> refusal(Recorded request) {
            return Optional.empty();
        }
    }

    record Basic(String user, String password) implements FakeAuth {
        @Override
        public Optional<Answer> refusal(Recorded request) {
            return request.header("Authorization").equals(Optional.of(header()))
                    ? Optional.empty()
                    : Optional.of(unauthorized("Basic realm=\"fake\""));
        }

        String header() {
            byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
            return "Basic " + Base64.getEncoder().encodeToString(both);
        }
    }

    record Bearer(Tokens tokens, String realm) implements FakeAuth {
        @Override
        public Optional<Answer> refusal(Recorded request) {
            String scope = request.repository().isEmpty() ? "" : "repository:" + request.repository() + ":pull";
            String challenge = "Bearer realm=\"" + realm + "\",service=\"fake\""
                    + (scope.isEmpty() ? "" : ",scope=\"" + scope + "\"");
            Optional<String> sent = request.header("Authorization");
            if (sent.isPresent() && tokens.allow(sent.get(), scope)) {
                return Optional.empty();
            }
            return Optional.of(unauthorized(challenge + (sent.isPresent() ? ",error=\"invalid_token\"" : "")));
        }
    }

    /** The storage behind a redirect: like S3, it refuses a second kind of credentials. */
    record Storage() implements FakeAuth {
        @Override
        public Optional<Answer> refusal(Recorded request) {
            return request.headers().has("Authorization")
                    ? Optional.of(Answer.error(400, "UNSUPPORTED", "Only one auth mechanism allowed"))
                    : Optional.empty();
        }
    }

    static Answer unauthorized(String challenge) {
        return Answer.error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", challenge);
    }

    /** The tokens of a token service. */
    final class Tokens {
        private final Optional<Basic> account;
        private final Map<String, Token> issued = new ConcurrentHashMap<>();
        private final AtomicInteger serial = new AtomicInteger();
        private volatile Duration lifetime = Duration.ofMinutes(5);

        private record Token(String scope, long expires) {}

        /** @param account empty if tokens need no credentials */
        Tokens(Optional<Basic> account) {
            this.account = account;
        }

        void live(Duration time) {
            lifetime = time;
        }

        void revokeAll() {
            issued.clear();
        }

        /** Returns the response of the token endpoint. */
        Answer issue(Recorded request) {
            Optional<String> credentials = request.header("Authorization");
            boolean welcome = account.isEmpty()
                    ? credentials.isEmpty()
                    : credentials.equals(Optional.of(account.get().header()));
            if (!welcome) {
                return unauthorized("Basic realm=\"fake tokens\"");
            }
            String token = "fake-token-" + serial.incrementAndGet();
            issued.put(token, new Token(scope(request.query()), System.nanoTime() + lifetime.toNanos()));
            String json = "{\"token\":\"" + token + "\",\"expires_in\":" + lifetime.toSeconds() + "}";
            return Answer.of(200, "application/json", Content.of(json));
        }

        boolean allow(String authorization, String scope) {
            if (!authorization.startsWith("Bearer ")) {
                return false;
            }
            Token token = issued.get(authorization.substring("Bearer ".length()));
            return token != null
                    && System.nanoTime() - token.expires < 0
                    && (scope.isEmpty() || (" " + token.scope + " ").contains(" " + scope + " "));
        }

        private static String scope(String query) {
            StringBuilder scopes = new StringBuilder();
            for (String parameter : query.split("&", -1)) {
                if (parameter.startsWith("scope=")) {
                    String value = parameter.substring("scope=".length());
                    scopes.append(URLDecoder.decode(value, StandardCharsets.UTF_8))
                            .append(' ');
                }
            }
            return scopes.toString().strip();
        }
    }
}
