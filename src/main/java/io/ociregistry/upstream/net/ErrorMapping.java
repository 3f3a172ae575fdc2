package io.ociregistry.upstream.net;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.address.AddressGuard;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.proxy.ProxyFailure;
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

/** What an upstream's failures mean to our clients. */
public final class ErrorMapping {
    public static final Duration LONGEST_WAIT = Duration.ofHours(6);
    private static final Duration USUAL_WAIT = Duration.ofSeconds(60);
    /** For who is only out of order: a wrong clock or a careless number must not keep us away. */
    private static final Duration LONGEST_OUTAGE = Duration.ofMinutes(10);

    private static final Pattern ABOUT_OURS =
            Pattern.compile("Received fatal alert: (\\w*certificate\\w*|unknown_ca|access_denied)");

    /** What Java says of it depends on how much of it there is to look at. */
    private static final Pattern NO_TLS = Pattern.compile("(?i)unrecognized ssl message");

    private ErrorMapping() {}

    /** A request that got no answer. */
    public static RegistryException of(String what, Origin origin, IOException e) {
        if (e instanceof AddressGuard.Refused) {
            return new RegistryException(ErrorCode.DENIED, what + ": " + e.getMessage(), e);
        }
        if (e instanceof ProxyFailure) {
            return unreachable(what, e.getMessage(), e);
        }
        if (e instanceof UpstreamClients.Stopping) {
            return new RegistryException(ErrorCode.OVERLOADED, what + ": " + e.getMessage(), e);
        }
        if (e instanceof UnknownHostException) {
            return unreachable(what, "the name " + origin.host() + " can't be resolved", e);
        }
        if (e instanceof SSLException) {
            return unreachable(what, "no TLS connection to " + origin + ": " + e.getMessage() + advice(e), e);
        }
        if (e instanceof ConnectTimeoutException) {
            return unreachable(what, origin + " does not take connections in time", e);
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
                    what + ": the headers of the answer of " + origin + " are too large: "
                            + UpstreamClients.HEADERS.getMaxHeaderCount() + " lines of "
                            + UpstreamClients.HEADERS.getMaxLineLength() + " bytes are read at most",
                    e);
        }
        if (e instanceof SocketTimeoutException) {
            return new RegistryException(
                    ErrorCode.UPSTREAM_TIMEOUT, what + ": " + origin + " did not answer in time", e);
        }
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER, what + ": " + origin + " broke off: " + e.getMessage(), e);
    }

    /** RFC 8446 section 6.2: what a server says of the certificate of a client. */
    private static String advice(IOException e) {
        String said = Objects.requireNonNullElse(e.getMessage(), "");
        if (NO_TLS.matcher(said).find()) {
            return "; is that a port with TLS?";
        }
        return ABOUT_OURS.matcher(said).find()
                ? "; that is about the certificate that we show, or lack: tls.cert and tls.key of this registry or mirror"
                : "";
    }

    /** An answer that is no success, from there. A server that expects TLS calls a request without it a bad one. */
    public static RegistryException of(String what, Origin from, HttpResponse answer, ErrorCode notFound) {
        return answer.getCode() == 400 && !from.isHttps()
                ? new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER,
                        what + ": " + from
                                + " answered 400; is that a port with TLS? then its URL begins with https://")
                : of(what, answer, notFound);
    }

    /** An answer that is no success. */
    public static RegistryException of(String what, HttpResponse answer, ErrorCode notFound) {
        int status = answer.getCode();
        String said = what + ": upstream answered " + status;
        return switch (status) {
            case 404 -> new RegistryException(notFound, said);
            case 401, 403 ->
                new RegistryException(
                        ErrorCode.DENIED,
                        said + "; it does not exist, or needs other credentials than this server is configured with");
            case 429 ->
                new RegistryException(
                        ErrorCode.TOO_MANY_REQUESTS,
                        said + ": it limits how much this server may pull",
                        null,
                        retryAfter(answer));
            case 508 ->
                new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER,
                        said + ": it has seen this request before; do the mirrors of servers point at each other?");
            default ->
                new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER, said, null, pause(answer).orElse(null));
        };
    }

    /** How long an answer asks to be left alone: 429 always, 503 where it says so. */
    public static Optional<Duration> pause(HttpResponse answer) {
        if (answer.getCode() == 429) {
            return Optional.of(retryAfter(answer));
        }
        return answer.getCode() == 503 && answer.containsHeader("Retry-After")
                ? Optional.of(retryAfter(answer))
                        .map(told -> told.compareTo(LONGEST_OUTAGE) > 0 ? LONGEST_OUTAGE : told)
                : Optional.empty();
    }

    /**
     * How long to wait after a 429: {@code Retry-After}, otherwise the reset of the rate limit; bounded, six hours at
     * most.
     */
    static Duration retryAfter(HttpResponse answer) {
        Duration told = AnswerTimes.retryAfter(answer)
                .or(() -> AnswerTimes.rateLimitReset(answer))
                .filter(wait -> !wait.isNegative())
                .orElse(USUAL_WAIT);
        return told.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : told;
    }

    private static RegistryException unreachable(String what, @Nullable String why, IOException e) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, what + ": " + why, e);
    }
}
