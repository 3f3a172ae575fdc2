package io.ociregistry.web;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.FoundManifest;
import io.ociregistry.registry.RegistryContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code GET} and {@code HEAD /v2/<name>/manifests/<reference>}: the exact bytes, whatever the client accepts and whatever range it asks. */
final class ManifestServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    /** Of the 4,096 bytes that all warnings of an answer may have together. */
    private static final int MAX_WARNING = 1000;

    private final transient RegistryContext context;

    ManifestServlet(RegistryContext context) {
        this.context = context;
    }

    @Override
    protected void doHead(HttpServletRequest request, HttpServletResponse response) throws IOException {
        doGet(request, response);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ImageReference name =
                ApiRequest.of(request, ApiRequest.ManifestRequest.class).name();
        Optional<FoundManifest> found = Waiting.await(
                request,
                context.config().timeouts().answer(),
                () -> context.registry().manifest(name),
                unwanted -> {});
        if (found.isPresent()) {
            found.get().warning().ifPresent(text -> response.setHeader("Warning", warning(text)));
            send(name, found.get().manifest(), request, response);
        }
    }

    /** RFC 7234 section 5.5, in the form that the distribution specification allows ("Warnings"): code 299, no agent, no date. */
    private static String warning(String text) {
        StringBuilder quoted = new StringBuilder("299 - \"");
        text.chars().limit(MAX_WARNING).forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c < ' ' || c > '~' ? '?' : (char) c);
        });
        return quoted.append('"').toString();
    }

    private void send(ImageReference name, Manifest manifest, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Digest digest = name.reference() instanceof Digest asked ? asked : manifest.digest();
        if (!ContentHeaders.set(request, response, manifest.mediaType(), digest)) {
            return;
        }
        response.setContentLengthLong(manifest.size());
        if (request.getMethod().equals("HEAD")) {
            return;
        }
        context.registry().delivered(name.repository(), manifest);
        byte[] bytes = manifest.toByteArray();
        // Even a small one: a client that asks for many and reads none would hold a thread.
        Transfer.start(request, response, List.of(new Transfer.Part.Bytes(bytes)), () -> {}, context.delivery());
    }
}
