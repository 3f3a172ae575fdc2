package io.ociregistry.upstream.net;

import io.ociregistry.metrics.RegistryMetrics.Outcome;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.tls.HandshakeFailure;
import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.proxy.ProxyException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.MessageConstraintException;
import org.jspecify.annotations.Nullable;

/** Maps the failures and error answers of upstreams to the errors that clients get. */
public final class ErrorMapping {
    public static final Duration MAX_RETRY_AFTER = Duration.ofHours(6);
    private static final Duration DEFAULT_WAIT = Duration.ofSeconds(60);
    /** The limit after a 503, so that a wrong clock or value does not block an upstream for long. */
    private static final Duration LONGEST_OUTAGE = Duration.ofMinutes(10);

    private static final Pattern CLIENT_CERTIFICATE_ALERT =
            Pattern.compile("Received fatal alert: (\\w*certificate\\w*|unknown_ca|access_denied)");

    private ErrorMapping() {}

    /** Returns the error for a request that got no answer. */
    public static RegistryException of(String what, Origin origin, IOException e) {
        if (e instanceof AddressGuard.Refused) {
            return new RegistryException(ErrorCode.DENIED, what + ": " + e.getMessage(), e);
        }
        if (e instanceof ProxyException) {
            return unreachable(what, e.getMessage(), e);
        }
        if (e instanceof UpstreamClients.StoppingException) {
            return new RegistryException(ErrorCode.OVERLOADED, what + ": " + e.getMessage(), e);
        }
        if (e instanceof UnknownHostException) {
            return unreachable(what, "the name " + origin.host() + " can't be resolved", e);
        }
        if (e instanceof SSLException) {
            return unreachable(what, "no TLS connection to " + origin + ": " + e.getMessage() + advice(e), e);
        }
        if (e instanceof ConnectTimeoutException) {
            return unreachable(what, origin + " did not accept the connection in time", e);
        }
        if (e instanceof ConnectException || e instanceof NoRouteToHostException) {
            return unreachable(what, "can't connect to " + origin + ": " + e.getMessage(), e);
        }
        if (e instanceof ConnectionRequestTimeoutException) {
            return new RegistryException(
                    ErrorCode.OVERLOADED, what + ": all connections to " + origin + " are busy", e);
        }
        if (e instanceof MinRateStream.TooSlow) {
            return new RegistryException(
                    ErrorCode.UPSTREAM_TIMEOUT, what + ": " + origin + " sends too slowly: " + e.getMessage(), e);
        }
        if (e instanceof MessageConstraintException) {
            return new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    what + ": the headers of the answer of " + origin + " are too large: at most "
                            + UpstreamClients.HEADER_LIMITS.getMaxHeaderCount() + " lines of "
                            + UpstreamClients.HEADER_LIMITS.getMaxLineLength() + " bytes are read",
                    e);
        }
        if (e instanceof SocketTimeoutException) {
            return new RegistryException(
                    ErrorCode.UPSTREAM_TIMEOUT, what + ": " + origin + " did not answer in time", e);
        }
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER, what + ": " + origin + " broke the connection: " + e.getMessage(), e);
    }

    /** Returns the outcome of a request that got no answer, for the metrics; empty if nothing was sent. */
    public static Optional<Outcome> outcome(IOException e) {
        if (e instanceof AddressGuard.Refused
                || e instanceof UpstreamClients.StoppingException
                || e instanceof ConnectionRequestTimeoutException) {
            return Optional.empty();
        }
        if (e instanceof UnknownHostException) {
            return Optional.of(Outcome.DNS);
        }
        if (e instanceof SSLException) {
            return Optional.of(Outcome.TLS);
        }
        if (e instanceof ProxyException
                || e instanceof ConnectException
                || e instanceof ConnectTimeoutException
                || e instanceof NoRouteToHostException) {
            return Optional.of(Outcome.CONNECT);
        }
        if (e instanceof MessageConstraintException) {
            return Optional.of(Outcome.WRONG);
        }
        return Optional.of(e instanceof SocketTimeoutException ? Outcome.TIMEOUT : Outcome.BROKEN);
    }

    /** Returns the advice for a failed handshake. RFC 8446 section 6.2 defines the alerts about certificates. */
    private static String advice(IOException e) {
        String message = Objects.requireNonNullElse(e.getMessage(), "");
        if (HandshakeFailure.isWithoutTls(message)) {
            return "; does that port use TLS?";
        }
        return CLIENT_CERTIFICATE_ALERT.matcher(message).find()
                ? "; the upstream did not accept the client certificate, or requires one: set tls.cert and tls.key of"
                        + " this registry or mirror"
                : "";
    }

    /**
     * Returns the error for an answer with an error status from an origin. A server that expects TLS answers 400 to a
     * request without TLS.
     */
    public static RegistryException of(String what, Origin from, HttpResponse answer, ErrorCode notFound) {
        return answer.getCode() == 400 && !from.isHttps()
                ? new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER,
                        what + ": " + from + " answered 400; if that port uses TLS, its URL must start with https://")
                : of(what, answer, notFound);
    }

    /** Returns the error for an answer with an error status. */
    public static RegistryException of(String what, HttpResponse answer, ErrorCode notFound) {
        int status = answer.getCode();
        String message = what + ": upstream answered " + status;
        return switch (status) {
            case 404 -> new RegistryException(notFound, message);
            case 401, 403 ->
                new RegistryException(
                        ErrorCode.DENIED,
                        message
                                + "; it does not exist, or needs other credentials than this server is configured"
                                + " with");
            case 429 ->
                new RegistryException(
                        ErrorCode.TOO_MANY_REQUESTS,
                        message + ": the upstream limits how much this server may pull",
                        null,
                        retryAfter(answer));
            case 508 ->
                new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER,
                        message
                                + ": the request is in a loop; check whether the mirrors of servers point at each"
                                + " other");
            default ->
                new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER,
                        message,
                        null,
                        requestedPause(answer).orElse(null));
        };
    }

    /**
     * Returns how long the upstream asks not to be sent requests: always after a 429, after a 503 only if it has
     * {@code Retry-After}.
     */
    public static Optional<Duration> requestedPause(HttpResponse answer) {
        if (answer.getCode() == 429) {
            return Optional.of(retryAfter(answer));
        }
        return answer.getCode() == 503 && answer.containsHeader("Retry-After")
                ? Optional.of(retryAfter(answer))
                        .map(requested -> requested.compareTo(LONGEST_OUTAGE) > 0 ? LONGEST_OUTAGE : requested)
                : Optional.empty();
    }

    /**
     * Returns how long to wait after a 429: {@code Retry-After}, otherwise the reset of the rate limit; at most six
     * hours.
     */
    static Duration retryAfter(HttpResponse answer) {
        Duration requested = AnswerTimes.retryAfter(answer)
                .or(() -> AnswerTimes.rateLimitReset(answer))
                .filter(wait -> !wait.isNegative())
                .orElse(DEFAULT_WAIT);
        return requested.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : requested;
    }

    private static RegistryException unreachable(String what, @Nullable String reason, IOException e) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, what + ": " + reason, e);
    }
}
