package io.ociregistry.web;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.RegistryContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** {@code GET} and {@code HEAD /v2/<name>/manifests/<reference>}: the exact bytes, whatever the client accepts and whatever range it asks. */
final class ManifestServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    /** What fits into a socket's buffer, so that writing it waits for no client. */
    private static final int AT_ONCE = 32 << 10;

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
        Optional<Manifest> manifest = Waiting.await(
                request,
                context.config().timeouts().answer(),
                () -> context.registry().manifest(name),
                unwanted -> {});
        if (manifest.isPresent()) {
            send(name, manifest.get(), request, response);
        }
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
        byte[] bytes = bytes(manifest);
        if (bytes.length <= AT_ONCE) {
            response.getOutputStream().write(bytes);
            AccessLogFilter.sent(request, bytes.length);
        } else {
            Transfer.start(request, response, List.of(new Transfer.Part.Bytes(bytes)), () -> {}, context.delivery());
        }
    }

    private static byte[] bytes(Manifest manifest) {
        ByteBuffer buffer = manifest.bytes();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
