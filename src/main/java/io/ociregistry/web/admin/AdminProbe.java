package io.ociregistry.web.admin;

import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.admin.ProbedSource;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Query;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/** Probes the upstreams that are down at once, or only that of the parameter {@code registry}. */
record AdminProbe(Admin admin) implements AdminRoute.Endpoint {
    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        AdminResponse form = AdminResponse.of(request);
        List<ProbedSource> probed = admin.probe(Query.of(request.getQueryString())
                .first("registry")
                .filter(name -> !name.isEmpty())
                .map(RegistryName::parse));
        return CompletableFuture.completedStage(form.answer(form.bytes(probed, AdminProbe::text)));
    }

    private static String text(List<ProbedSource> probed) {
        return probed.isEmpty()
                ? "no upstream is down\n"
                : probed.stream()
                        .map(source -> "probing " + source.url() + " of " + source.registry() + "\n")
                        .collect(Collectors.joining());
    }
}
