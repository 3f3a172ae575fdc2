package io.ociregistry.standalone.remote;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.standalone.jetty.StartException;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prunes through the admin API of a running server, and returns its report. */
public record RemotePrune(RemoteServer server) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    public PruneReport prune(PruneRequest request) throws StartException {
        try (var body = server.post("/cmd/prune", query(request), "")) {
            return JSON.readValue(body, PruneReport.class);
        } catch (IOException e) {
            throw server.connectionFailure(e);
        }
    }

    private static Map<String, String> query(PruneRequest request) {
        Map<String, String> query = new LinkedHashMap<>();
        policies(request.policy()).forEach(policy -> add(policy, query));
        request.maxSize().ifPresent(size -> query.put("maxSize", String.valueOf(size)));
        query.put("count", String.valueOf(request.count().orElse(-1)));
        query.put("dryRun", String.valueOf(request.dryRun()));
        return query;
    }

    private static List<PrunePolicy> policies(PrunePolicy policy) {
        return policy instanceof PrunePolicy.AllOf all ? all.policies() : List.of(policy);
    }

    private static void add(PrunePolicy policy, Map<String, String> query) {
        if (policy instanceof PrunePolicy.Matching matching) {
            query.put("expr", matching.patterns().toString());
        } else if (policy instanceof PrunePolicy.CreatedBefore created) {
            query.merge("createdBefore", created.time().toString(), RemotePrune::earlier);
        } else if (policy instanceof PrunePolicy.PulledBefore pulled) {
            query.merge("pulledBefore", pulled.time().toString(), RemotePrune::earlier);
        }
    }

    /** The earlier time: an image before both times is before the earlier one. */
    private static String earlier(String first, String second) {
        return Instant.parse(first).isBefore(Instant.parse(second)) ? first : second;
    }
}
