package io.ociregistry.web;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.web.api.ContentHeaders;
import io.ociregistry.web.api.WarningHeader;
import io.ociregistry.web.send.BodyWriter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Answers {@code GET} and {@code HEAD /v2/<name>/manifests/<reference>} with the exact bytes of the manifest. The
 * headers {@code Accept} and {@code Range} are ignored.
 */
final class ManifestServlet extends ApiServlet {
    private static final long serialVersionUID = 1L;

    ManifestServlet(RegistryContext context) {
        super(context);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ImageReference name =
                ApiRequest.of(request, ApiRequest.ManifestRequest.class).name();
        Optional<ManifestResult> found = await(request, () -> context.registry().manifest(name));
        if (found.isPresent()) {
            WarningHeader.set(response, found.get().warning());
            send(name, found.get().manifest(), request, response);
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
        context.registry().prefetch(name.repository(), manifest);
        byte[] bytes = manifest.toByteArray();
        // Asynchronous even for a small manifest: a client that requests many and reads none would block threads.
        BodyWriter.start(request, response, List.of(new BodyWriter.Part.Bytes(bytes)), () -> {});
    }
}
