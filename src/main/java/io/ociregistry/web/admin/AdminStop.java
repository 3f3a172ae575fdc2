package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.send.TrustedProxies;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stops the server in the same way as SIGTERM: requests in flight are completed first, with this one. */
record AdminStop(Optional<Runnable> stop, TrustedProxies proxies) implements AdminRoute.Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(AdminStop.class);

    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        Runnable action = stop.orElseThrow(() -> new RegistryException(
                ErrorCode.DENIED, "this server runs in a servlet container; stop it through that container"));
        LOG.warn("stopping by a request of {}", proxies.describe(request));
        AdminResponse form = AdminResponse.of(request);
        byte[] body = form.bytes(Map.of("state", "stopping"), unused -> "stopping\n");
        action.run();
        return CompletableFuture.completedStage(form.answer(body));
    }
}
