package io.ociregistry.standalone.jetty;

import io.ociregistry.metrics.HttpMetrics;
import io.ociregistry.web.api.ApiRequest;
import io.ociregistry.web.api.RedactedQuery;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Knows the requests whose responses are not complete. Thread-safe. */
final class RequestsInFlight extends Handler.Wrapper {
    private final Set<Request> requests = ConcurrentHashMap.newKeySet();
    private volatile @Nullable CountDownLatch waiting;

    RequestsInFlight(Handler next) {
        super(next);
    }

    /** Returns a line for each request: its method, its path, and its query without secrets. */
    List<String> descriptions() {
        return requests.stream().map(RequestsInFlight::description).sorted().toList();
    }

    /** Returns the number of requests of each kind. */
    Map<HttpMetrics.Kind, Integer> byKind() {
        Map<HttpMetrics.Kind, Integer> counts = new EnumMap<>(HttpMetrics.Kind.class);
        Arrays.stream(HttpMetrics.Kind.values()).forEach(kind -> counts.put(kind, 0));
        requests.forEach(request -> counts.merge(kind(Request.getPathInContext(request)), 1, Integer::sum));
        return counts;
    }

    private static HttpMetrics.Kind kind(String path) {
        return path.startsWith("/v2/") || path.equals("/v2")
                ? ApiRequest.Kind.of(path).metric()
                : HttpMetrics.Kind.ADMIN;
    }

    /** Waits at most this long until no request is in flight; returns true if none is left. */
    boolean awaitNone(Duration limit) throws InterruptedException {
        var none = new CountDownLatch(1);
        waiting = none;
        return requests.isEmpty() || none.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void end(Request request) {
        requests.remove(request);
        var none = waiting;
        if (none != null && requests.isEmpty()) {
            none.countDown();
        }
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
        Request.addCompletionListener(request, failure -> end(request));
        return super.handle(request, response, callback);
    }
}
