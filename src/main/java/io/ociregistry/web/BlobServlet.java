package io.ociregistry.web;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.store.BlobSource;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code GET} and {@code HEAD /v2/<name>/blobs/<digest>}. It can't tell a stored blob from one that is still arriving. */
final class BlobServlet {
    private final RegistryContext context;
    private final BlobSender sender;

    BlobServlet(RegistryContext context) {
        this.context = context;
        this.sender = new BlobSender(context.delivery());
    }

    void answer(Repository repository, Digest digest, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (request.getMethod().equals("HEAD")) {
            head(repository, digest, request, response);
        } else {
            get(repository, digest, request, response);
        }
    }

    private void head(Repository repository, Digest digest, HttpServletRequest request, HttpServletResponse response) {
        Optional<OptionalLong> size = Waiting.await(
                request, deadline(), () -> context.registry().blobSize(repository, digest), unwanted -> {});
        if (size.isPresent() && ContentHeaders.set(request, response, MediaType.OCTET_STREAM, digest)) {
            response.setHeader("Accept-Ranges", "bytes");
            size.get().ifPresent(response::setContentLengthLong);
        }
    }

    private void get(Repository repository, Digest digest, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Optional<BlobSource> source = Waiting.await(
                request, deadline(), () -> context.registry().blob(repository, digest), BlobSource::close);
        if (source.isPresent()) {
            sender.send(source.get(), request, response);
        }
    }

    private Duration deadline() {
        return context.config().timeouts().answer();
    }
}
