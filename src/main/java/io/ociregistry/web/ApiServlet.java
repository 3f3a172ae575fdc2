package io.ociregistry.web;

import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.send.AsyncWait;
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

/** The base of the servlets of the distribution API: the context, HEAD as GET without a body, and one deadline. */
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

    /** Waits as {@link AsyncWait#await} does, for at most {@code timeouts.answer}. */
    final <T> Optional<T> await(HttpServletRequest request, Supplier<CompletionStage<T>> stage, Consumer<T> discard) {
        Supplier<CompletionStage<T>> withVia =
                () -> context.forRequest(Collections.list(request.getHeaders("Via")), stage);
        return AsyncWait.await(request, context.config().timeouts().answer(), withVia, discard);
    }

    /** Waits for a value that needs no closing if the request is over. */
    final <T> Optional<T> await(HttpServletRequest request, Supplier<CompletionStage<T>> stage) {
        return await(request, stage, unwanted -> {});
    }
}
