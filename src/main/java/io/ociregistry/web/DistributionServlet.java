package io.ociregistry.web;

import io.ociregistry.web.api.ApiRequest;
import io.ociregistry.web.api.DistributionApi;
import io.ociregistry.web.send.BodySender;
import io.ociregistry.web.send.ServletHead;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * The pull part of the distribution API: passes every request under {@code /v2} to its servlet.
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
 *
 * <p>This servlet calls the others itself, because names have any number of components, and URL patterns cannot select
 * a path by its end.
 */
final class DistributionServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient DistributionApi api;
    private final transient BodySender sender;
    private final ManifestServlet manifests;
    private final BlobServlet blobs;
    private final TagsServlet tags;
    private final ReferrersServlet referrers;

    DistributionServlet(DistributionApi api, BodySender sender) {
        this.api = api;
        this.sender = sender;
        this.manifests = new ManifestServlet(api, sender);
        this.blobs = new BlobServlet(api, sender);
        this.tags = new TagsServlet(api, sender);
        this.referrers = new ReferrersServlet(api, sender);
    }

    @Override
    public void init() throws ServletException {
        manifests.init(getServletConfig());
        blobs.init(getServletConfig());
        tags.init(getServletConfig());
        referrers.init(getServletConfig());
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader(DistributionApi.VERSION_HEADER, DistributionApi.VERSION);
        switch (ApiRequest.Kind.of(ServletHead.path(request))) {
            case MANIFEST -> manifests.service(request, response);
            case BLOB -> blobs.service(request, response);
            case TAGS -> tags.service(request, response);
            case REFERRERS -> referrers.service(request, response);
            case PING, UNKNOWN -> sender.answer(request, response, api::ping);
        }
    }
}
