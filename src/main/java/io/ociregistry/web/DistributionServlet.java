package io.ociregistry.web;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.send.BlobSender;
import io.ociregistry.web.send.BodyWriter;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The distribution API, as far as pulling needs it. Every request under {@code /v2} comes here.
 *
 * <pre>
 * GET HEAD  /v2/                               200                      end-1
 * GET HEAD  /v2/&lt;name&gt;/blobs/&lt;digest&gt;          200 206 304 400 404 416  end-2
 * GET HEAD  /v2/&lt;name&gt;/manifests/&lt;reference&gt;   200 304 400 404          end-3
 * GET HEAD  /v2/&lt;name&gt;/tags/list               200 400 404              end-8
 * GET HEAD  /v2/&lt;name&gt;/referrers/&lt;digest&gt;      200 400                  end-12
 * GET HEAD  anything else                      404
 * others    anything                           405
 * </pre>
 *
 * and for all that need an upstream 403, 429, 502, 503, 504, 508; for clients that have to log in 401.
 */
final class DistributionServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final byte[] NOTHING = {};
    private static final byte[] PONG = "{}".getBytes(StandardCharsets.US_ASCII);

    private final transient RegistryContext context;
    private final ManifestServlet manifests;
    private final BlobServlet blobs;
    private final TagsServlet tags;
    private final ReferrersServlet referrers;

    DistributionServlet(RegistryContext context) {
        this.context = context;
        this.manifests = new ManifestServlet(context);
        this.blobs = new BlobServlet(context);
        this.tags = new TagsServlet(context);
        this.referrers = new ReferrersServlet(context);
    }

    @Override
    public void init() throws ServletException {
        manifests.init(getServletConfig());
        blobs.init(getServletConfig());
        tags.init(getServletConfig());
        referrers.init(getServletConfig());
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        nameProtocol(response);
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            throw new RegistryException(
                    ErrorCode.UNSUPPORTED,
                    "this registry is pull-only: it answers GET and HEAD, and fetches what it has not from upstream");
        }
        ApiRequest parsed = ApiRequest.parse(request, context.names());
        parsed.keepIn(request);
        if (parsed instanceof ApiRequest.ManifestRequest) {
            manifests.service(request, response);
        } else if (parsed instanceof ApiRequest.BlobRequest) {
            blobs.service(request, response);
        } else if (parsed instanceof ApiRequest.TagsRequest) {
            tags.service(request, response);
        } else if (parsed instanceof ApiRequest.ReferrersRequest) {
            referrers.service(request, response);
        } else {
            ping(request, response);
        }
        if (!request.isAsyncStarted() && !BlobSender.sendsFile(request)) {
            // The answer has headers and nothing else.
            BodyWriter.send(request, response, NOTHING);
        }
    }

    /** Every answer under {@code /v2} says which protocol it is of. */
    static void nameProtocol(HttpServletResponse response) {
        response.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
    }

    private static void ping(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Content-Type", "application/json");
        response.setContentLengthLong(PONG.length);
        BodyWriter.send(request, response, PONG);
    }
}
