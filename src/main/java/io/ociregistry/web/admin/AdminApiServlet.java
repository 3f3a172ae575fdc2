package io.ociregistry.web.admin;

import io.ociregistry.access.ClientAccess;
import io.ociregistry.metrics.HttpMetrics.Kind;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.AnswerCounter;
import io.ociregistry.web.api.Deadline;
import io.ociregistry.web.api.ErrorAnswers;
import io.ociregistry.web.api.RequestHead;
import io.ociregistry.web.send.BodySender;
import io.ociregistry.web.send.ServletHead;
import io.ociregistry.web.send.TrustedProxies;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The admin API: answers every request under {@code /cmd}. {@code docs/openapi.yaml} describes the API; a test compares
 * its routes with those in this class.
 *
 * <p>Paths, parameters and text are those of the Go program. Clients that accept {@code application/json} get more
 * fields.
 */
public final class AdminApiServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    /** Long enough to read a large cache on a slow disk. */
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private final transient AdminAccess access;
    private final transient AnswerCounter counter;
    private final transient BodySender sender;
    private final transient ErrorAnswers errors;
    private final transient List<AdminRoute> routes;

    public AdminApiServlet(
            RegistryContext context,
            ServerControl control,
            AdminAccess access,
            BodySender sender,
            ErrorAnswers errors) {
        this.sender = sender;
        this.errors = errors;
        this.access = access;
        this.counter = new AnswerCounter(context.metrics(), errors);
        this.routes = routes(context, control);
    }

    static List<AdminRoute> routes(RegistryContext context, ServerControl control) {
        TrustedProxies proxies = new TrustedProxies(context::trustedProxies);
        AdminLists lists = new AdminLists(context.admin());
        AdminStatus status = new AdminStatus(context.admin(), context.traffic());
        AdminLoad load = new AdminLoad(context.admin().loads(), () -> LoadOptions.of(context.config()));
        return List.of(
                AdminRoute.get("/cmd/manifest/list", lists::manifests),
                AdminRoute.get("/cmd/image/list", lists::images),
                AdminRoute.get("/cmd/blob/list", lists::blobs),
                AdminRoute.get("/cmd/status", status),
                AdminRoute.get("/cmd/traffic", status::lastHour),
                new AdminRoute("/cmd/prune", List.of("DELETE", "POST"), new AdminPrune(context.admin(), proxies)),
                AdminRoute.post("/cmd/load", load),
                AdminRoute.get("/cmd/uploads", load::uploads),
                AdminRoute.post("/cmd/upstreams/probe", new AdminProbe(context.admin())),
                AdminRoute.post("/cmd/reload", new AdminReload(control.reload())),
                new AdminRoute("/cmd/log-level", List.of("PUT", "POST"), new AdminLogLevel(proxies)),
                AdminRoute.post("/cmd/stop", new AdminStop(control.stop(), proxies)));
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Cache-Control", "no-store");
        sender.answer(request, response, counter.counted(Kind.ADMIN, head -> answer(head, request)));
    }

    private CompletionStage<Answer> answer(RequestHead head, HttpServletRequest request) {
        if (access.check(request)) {
            head.log().setUser(ClientAccess.TOKEN);
        }
        AdminRoute route = route(request);
        return route.methods().contains(request.getMethod())
                ? Deadline.limit(route.endpoint().answer(request), TIMEOUT, Answer::close)
                : CompletableFuture.completedStage(notAllowed(head, route));
    }

    private Answer notAllowed(RequestHead head, AdminRoute route) {
        String allowed = String.join(", ", route.methods());
        String why = route.path() + " accepts " + allowed + " only";
        head.log().setReason(why);
        return errors.of(new RegistryException(ErrorCode.UNSUPPORTED, why)).with("Allow", allowed);
    }

    private AdminRoute route(HttpServletRequest request) {
        String path = ServletHead.path(request);
        return routes.stream()
                .filter(route -> route.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new RegistryException(
                        ErrorCode.PATH_UNKNOWN,
                        "the admin API has no such path; it has "
                                + String.join(
                                        ", ",
                                        routes.stream().map(AdminRoute::path).toList())));
    }
}
