package io.ociregistry.web;

import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.http.AsyncWait;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What the servlets of the distribution API have in common: the one context, HEAD that is GET without a body, and one deadline. */
abstract class ApiServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    final transient RegistryContext context;

    ApiServlet(RegistryContext context) {
        this.context = context;
    }

    @Override
    protected void doHead(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        doGet(request, response);
    }

    /** As {@link AsyncWait#await}, for as long as requests wait for their answers. */
    final <T> Optional<T> await(HttpServletRequest request, Supplier<CompletionStage<T>> stage, Consumer<T> discard) {
        Supplier<CompletionStage<T>> begun =
                () -> context.forRequest(Collections.list(request.getHeaders("Via")), stage);
        return AsyncWait.await(request, context.config().timeouts().answer(), begun, discard);
    }

    /** The same for what needs no discarding. */
    final <T> Optional<T> await(HttpServletRequest request, Supplier<CompletionStage<T>> stage) {
        return await(request, stage, unwanted -> {});
    }
}
