package io.ociregistry.web;

import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.AnswerCounter;
import io.ociregistry.web.api.Body;
import io.ociregistry.web.api.RequestHead;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Serves the status page at {@code /}, with its style and its script.
 *
 * <p>The files contain no data, so they need no token. The script gets all data from the admin API, by the access rule
 * of that API. The content security policy allows only these files, and refuses every way to make markup from text.
 */
final class StatusPageServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
            + " require-trusted-types-for 'script'; trusted-types 'none'";

    /** The files by their URL patterns, of which the empty one is the root of the application. */
    private static final Map<String, PageFile> FILES = Map.of(
            "", new PageFile("page/index.html", "text/html;charset=utf-8"),
            "/status.css", new PageFile("page/status.css", "text/css;charset=utf-8"),
            "/status.js", new PageFile("page/status.js", "text/javascript;charset=utf-8"));

    private final transient AnswerCounter counter;
    private final transient BodySender sender;

    StatusPageServlet(AnswerCounter counter, BodySender sender) {
        this.counter = counter;
        this.sender = sender;
    }

    /** A file in the resources of this package. */
    private record PageFile(String resource, String contentType) {}

    static String[] patterns() {
        return FILES.keySet().toArray(String[]::new);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String pattern = request.getServletPath();
        sender.answer(
                request,
                response,
                counter.counted(Kind.OTHER, head -> CompletableFuture.completedStage(answer(head, pattern))));
    }

    private static Answer answer(RequestHead head, String pattern) {
        if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
            throw new RegistryException(ErrorCode.UNSUPPORTED, head.path() + " accepts GET and HEAD only");
        }
        PageFile file = Objects.requireNonNull(FILES.get(pattern), "the container mapped another path to this servlet");
        byte[] content = read(file);
        String tag = "\"" + Digest.of(content).hex() + "\"";
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", file.contentType);
        headers.put("ETag", tag);
        headers.put("Cache-Control", "no-cache");
        headers.put("Content-Security-Policy", POLICY);
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Referrer-Policy", "no-referrer");
        String known = head.headers().ifNoneMatch();
        return known != null && known.contains(tag)
                ? new Answer(304, headers, new Body.None(OptionalLong.empty()))
                : Answer.ok(headers, new Body.Bytes(content));
    }

    /** Reads the file again at each request, because only operators request it. */
    private static byte[] read(PageFile file) {
        try (InputStream resource = StatusPageServlet.class.getResourceAsStream(file.resource)) {
            if (resource == null) {
                throw new IllegalStateException("this build lacks " + file.resource);
            }
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + file.resource + " of this application failed", e);
        }
    }
}
