package io.ociregistry.web.admin;

import io.ociregistry.web.api.Answer;
import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Reloads the configuration, and reports the applied keys. */
record AdminReload(Reload reload) implements AdminRoute.Endpoint {
    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        Reload.Outcome outcome = reload.apply();
        AdminResponse form = AdminResponse.of(request);
        return CompletableFuture.completedStage(form.answer(form.bytes(outcome, Reload.Outcome::text)));
    }
}
