package io.ociregistry.web.admin;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Reloads the configuration, and reports the applied keys. */
record AdminReload(Reload reload) implements AdminRoute.Endpoint {
    @Override
    public void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Reload.Outcome outcome = reload.apply();
        AdminResponse form = AdminResponse.of(request);
        form.send(request, response, form.bytes(outcome, Reload.Outcome::text));
    }
}
