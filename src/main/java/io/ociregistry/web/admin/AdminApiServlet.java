package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.load.LoadOptions;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/**
 * The admin API: answers every request under {@code /cmd}. {@code docs/openapi.yaml} describes the API; a test compares
 * its routes with those in this class.
 *
 * <p>Paths, parameters and text are those of the Go program. Clients that accept {@code application/json} get more
 * fields.
 */
public final class AdminApiServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private final transient AdminAccess access;
    private final transient ServerControl control;
    private final transient List<AdminRoute> routes;

    public AdminApiServlet(RegistryContext context, ServerControl control) {
        this.access = new AdminAccess(context.config().admin(), context.admin().token());
        this.control = control;
        this.routes = routes(context, control);
    }

    static List<AdminRoute> routes(RegistryContext context, ServerControl control) {
        AdminLists lists = new AdminLists(context.admin());
        return List.of(
                AdminRoute.get("/cmd/manifest/list", lists::manifests),
                AdminRoute.get("/cmd/image/list", lists::images),
                AdminRoute.get("/cmd/blob/list", lists::blobs),
                AdminRoute.get("/cmd/status", new AdminStatus(context.admin())),
                new AdminRoute("/cmd/prune", List.of("DELETE", "POST"), new AdminPrune(context.admin())),
                AdminRoute.post("/cmd/load", new AdminLoad(context.admin(), () -> LoadOptions.of(context.config()))),
                AdminRoute.post("/cmd/reload", new AdminReload(control.reload())),
                AdminRoute.post("/cmd/stop", new AdminStop(control.stop())));
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (control.adminPort().isPresent() && control.adminPort().getAsInt() != request.getLocalPort()) {
            throw new RegistryException(
                    ErrorCode.PATH_UNKNOWN, "the admin API is on another port of this server; see admin.port");
        }
        access.check(request);
        response.setHeader("Cache-Control", "no-store");
        AdminRoute route = route(request);
        if (!route.methods().contains(request.getMethod())) {
            String allowed = String.join(", ", route.methods());
            response.setHeader("Allow", allowed);
            throw new RegistryException(ErrorCode.UNSUPPORTED, route.path() + " accepts " + allowed + " only");
        }
        route.endpoint().answer(request, response);
    }

    private AdminRoute route(HttpServletRequest request) {
        String path = request.getRequestURI().substring(request.getContextPath().length());
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
