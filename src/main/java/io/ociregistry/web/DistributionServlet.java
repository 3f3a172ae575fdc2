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
 * The pull part of the distribution API: parses every request under {@code /v2} and passes it to its servlet.
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
 * Requests that need an upstream may also get 403, 429, 502, 503, 504 or 508. Clients that have to log in get 401.
 */
final class DistributionServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final byte[] NO_BODY = {};
    private static final byte[] PING_BODY = "{}".getBytes(StandardCharsets.US_ASCII);

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
        setApiVersion(response);
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            throw new RegistryException(
                    ErrorCode.UNSUPPORTED,
                    "this registry is pull-only: it answers GET and HEAD, and fetches missing content from upstreams");
        }
        ApiRequest parsed = ApiRequest.parse(request, context.registryNames());
        parsed.attachTo(request);
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
        if (!request.isAsyncStarted() && !BlobSender.usesSendfile(request)) {
            // The answer has headers only.
            BodyWriter.send(request, response, NO_BODY);
        }
    }

    /** Sets the header by which clients recognize the API, on every answer under {@code /v2}. */
    static void setApiVersion(HttpServletResponse response) {
        response.setHeader("Docker-Distribution-Api-Version", "registry/2.0");
    }

    private static void ping(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Content-Type", "application/json");
        response.setContentLengthLong(PING_BODY.length);
        BodyWriter.send(request, response, PING_BODY);
    }
}
