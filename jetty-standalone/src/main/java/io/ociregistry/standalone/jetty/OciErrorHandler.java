package io.ociregistry.standalone.jetty;

import io.ociregistry.oci.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Sends an OCI error in JSON for requests that Jetty rejects before any servlet gets them. The message explains the
 * status, and reveals nothing about the request, the cause or the server.
 *
 * <p>The handler of the server also logs each of these requests, because they never reach the access log.
 */
final class OciErrorHandler extends ErrorHandler {
    private static final String JSON = "application/json";
    private static final String LIMITS = "the limit for the request line and the headers together is "
            + Connectors.HEADER_BYTES + " bytes and " + HeaderLimit.MAX_LINES + " lines";

    private final Optional<ClientLogLimit> log;

    private OciErrorHandler(Optional<ClientLogLimit> log) {
        this.log = log;
    }

    static OciErrorHandler ofServer() {
        return new OciErrorHandler(
                Optional.of(new ClientLogLimit(LoggerFactory.getLogger(OciErrorHandler.class), System::nanoTime)));
    }

    /** Returns the handler for errors of servlets, whose requests the access log has. */
    static OciErrorHandler ofApplication() {
        return new OciErrorHandler(Optional.empty());
    }

    @Override
    protected void generateResponse(
            Request request,
            Response response,
            int status,
            String message,
            @Nullable Throwable cause,
            Callback callback) {
        var client = request.getConnectionMetaData().getRemoteSocketAddress();
        log.ifPresent(lines -> lines.log(
                client, "sent a request that was answered with " + status + ": " + reason(status, message, cause)));
        var body = body(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, JSON);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
        boolean head = HttpMethod.HEAD.is(request.getMethod());
        response.write(true, head ? ByteBuffer.allocate(0) : ByteBuffer.wrap(body), callback);
    }

    private static String reason(int status, @Nullable String message, @Nullable Throwable cause) {
        var detail = cause == null || cause.getMessage() == null ? message : cause.getMessage();
        return message(status) + (detail == null ? "" : " (" + detail + ")");
    }

    private static byte[] body(int status) {
        return "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}"
                .formatted(code(status).wireCode(), message(status))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String message(int status) {
        return switch (status) {
            case HttpStatus.BAD_REQUEST_400 ->
                "the request is invalid: it is malformed, its path has // or encoded dots or slashes, or its Host"
                        + " is not"
                        + " a host name";
            case HttpStatus.NOT_FOUND_404 -> "no such path; this is a registry, whose paths start with /v2/";
            case HttpStatus.REQUEST_TIMEOUT_408 -> "the request did not arrive in time";
            case HttpStatus.URI_TOO_LONG_414 -> "the URL is too long; " + LIMITS;
            case HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431 -> "the headers are too large; " + LIMITS;
            default -> HttpStatus.getMessage(status);
        };
    }

    private static ErrorCode code(int status) {
        return switch (status) {
            case HttpStatus.NOT_FOUND_404 -> ErrorCode.PATH_UNKNOWN;
            case HttpStatus.METHOD_NOT_ALLOWED_405 -> ErrorCode.UNSUPPORTED;
            case HttpStatus.SERVICE_UNAVAILABLE_503 -> ErrorCode.OVERLOADED;
            default -> status < 500 ? ErrorCode.REQUEST_INVALID : ErrorCode.INTERNAL;
        };
    }
}
