package io.ociregistry.standalone.jetty;

import io.ociregistry.web.api.RedactedQuery;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Knows the requests whose responses are not complete. Thread-safe. */
final class RequestsInFlight extends Handler.Wrapper {
    private final Set<Request> requests = ConcurrentHashMap.newKeySet();

    RequestsInFlight(Handler next) {
        super(next);
    }

    /** Returns a line for each request: its method, its path, and its query without secrets. */
    List<String> descriptions() {
        return requests.stream().map(RequestsInFlight::description).sorted().toList();
    }

    private static String description(Request request) {
        var uri = request.getHttpURI();
        var query = uri.getQuery() == null ? "" : "?" + RedactedQuery.of(uri.getQuery());
        return (request.getMethod() + " " + uri.getPath() + query + " from " + Request.getRemoteAddr(request))
                .replaceAll("[^ -~]", "?");
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        requests.add(request);
        Request.addCompletionListener(request, failure -> requests.remove(request));
        return super.handle(request, response, callback);
    }
}
