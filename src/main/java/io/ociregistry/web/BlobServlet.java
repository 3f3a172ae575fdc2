package io.ociregistry.web;

import io.ociregistry.oci.MediaType;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.store.BlobSource;
import io.ociregistry.web.api.ContentHeaders;
import io.ociregistry.web.send.BlobSender;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/** Answers {@code GET} and {@code HEAD /v2/<name>/blobs/<digest>}, for stored blobs and for blobs in flight alike. */
final class BlobServlet extends ApiServlet {
    private static final long serialVersionUID = 1L;

    private final transient BlobSender sender;

    BlobServlet(RegistryContext context) {
        super(context);
        this.sender = new BlobSender();
    }

    @Override
    protected void doHead(HttpServletRequest request, HttpServletResponse response) {
        var blob = ApiRequest.of(request, ApiRequest.BlobRequest.class);
        Optional<OptionalLong> size =
                await(request, () -> context.registry().blobSize(blob.repository(), blob.digest()));
        if (size.isPresent() && ContentHeaders.set(request, response, MediaType.OCTET_STREAM, blob.digest())) {
            response.setHeader("Accept-Ranges", "bytes");
            size.get().ifPresent(response::setContentLengthLong);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var blob = ApiRequest.of(request, ApiRequest.BlobRequest.class);
        Optional<BlobSource> source = await(
                request,
                () -> context.registry()
                        .blob(blob.repository(), blob.digest(), BlobSender.requestedRange(blob.digest(), request)),
                BlobSource::close);
        if (source.isPresent()) {
            sender.send(source.get(), request, response);
        }
    }
}
