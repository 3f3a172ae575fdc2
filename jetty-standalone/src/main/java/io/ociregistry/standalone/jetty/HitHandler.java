package io.ociregistry.standalone.jetty;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.DistributionApi;
import io.ociregistry.web.api.Query;
import io.ociregistry.web.api.RequestHead;
import io.ociregistry.web.send.BodyWriterContext;
import io.ociregistry.web.send.TrustedProxies;
import java.util.Optional;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Answers cache hits without servlets and, if their bodies are in memory, on the thread of the selector (ADR 39). All
 * other requests go to the servlets, on a thread of the pool.
 *
 * <p>The servlets give the same answers, because both ask {@link DistributionApi}.
 */
final class HitHandler extends Handler.Wrapper {
    private static final String PREFIX = "/v2/";

    private final ServletContextHandler application;
    private final Connector clients;
    private volatile @Nullable Hits hits;

    /**
     * Creates a handler.
     *
     * @param application the servlets
     * @param clients the connector whose requests may be hits; the admin port has none
     */
    HitHandler(ServletContextHandler application, Connector clients) {
        super(application);
        this.application = application;
        this.clients = clients;
    }

    private record Hits(DistributionApi api, BodyWriterContext writers, TrustedProxies proxies) {}

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        // Missing if the listener of the application has registered other servlets.
        if (attribute(DistributionApi.class) instanceof DistributionApi api
                && attribute(BodyWriterContext.class) instanceof BodyWriterContext writers
                && attribute(TrustedProxies.class) instanceof TrustedProxies proxies) {
            hits = new Hits(api, writers, proxies);
        }
    }

    private @Nullable Object attribute(Class<?> type) {
        return application.getServletContext().getAttribute(type.getName());
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Hits found = hits;
        if (found == null || !mayBeHit(request)) {
            passOn(request, response, callback);
            return true;
        }
        AccessLogEntry entry = entry(found.proxies, request, response);
        Optional<Answer> answer = hit(found.api, request, entry);
        if (answer.isPresent()) {
            new HitResponse(request, response, answer.get(), found.writers, new HitEnd(entry, callback)).start();
        } else {
            passOn(request, response, callback);
        }
        return true;
    }

    /** Returns false for a request with a body, which has to be read or refused. */
    private boolean mayBeHit(Request request) {
        String path = request.getHttpURI().getPath();
        HttpFields headers = request.getHeaders();
        return request.getConnectionMetaData().getConnector() == clients
                && path != null
                && path.startsWith(PREFIX)
                && !headers.contains(HttpHeader.CONTENT_LENGTH)
                && !headers.contains(HttpHeader.TRANSFER_ENCODING)
                && !headers.contains(HttpHeader.EXPECT);
    }

    private static Optional<Answer> hit(DistributionApi api, Request request, AccessLogEntry entry) {
        HttpFields headers = request.getHeaders();
        var head = new RequestHead(
                request.getMethod(),
                "",
                request.getHttpURI().getPath(),
                Query.of(request.getHttpURI().getQuery()),
                RequestHead.Headers.of(headers::get, headers::getValuesList),
                entry);
        try {
            return api.hit(head);
        } catch (RegistryException refused) {
            // The servlet renders the error.
            return Optional.empty();
        }
    }

    private static AccessLogEntry entry(TrustedProxies proxies, Request request, Response response) {
        return new AccessLogEntry(
                request.getMethod(),
                request.getHttpURI().getPath(),
                request.getHttpURI().getQuery(),
                proxies.clientOf(Request.getRemoteAddr(request), request.getHeaders()::getValuesList),
                request.getHeaders().get(HttpHeader.USER_AGENT),
                response::getStatus);
    }

    /** Calls the servlets on a thread of the pool, because they may block. */
    private void passOn(Request request, Response response, Callback callback) {
        request.getComponents().getExecutor().execute(() -> {
            try {
                if (!super.handle(request, response, callback)) {
                    Response.writeError(request, response, callback, 404);
                }
            } catch (Throwable e) {
                Response.writeError(request, response, callback, e);
            }
        });
    }
}
