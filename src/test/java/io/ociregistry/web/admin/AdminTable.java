package io.ociregistry.web.admin;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.registry.RegistryContext;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The paths of the admin API with their methods, from the table of the server itself, so that tests cover a path that
 * is added.
 */
public final class AdminTable {
    /**
     * Methods that a client may send to any path, without TRACE and CONNECT, which some proxies and containers refuse.
     */
    public static final List<String> METHODS =
            List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND");

    private AdminTable() {}

    /** Returns each path with its methods. */
    public static Map<String, List<String>> of(RegistryContext context) {
        Map<String, List<String>> table = new LinkedHashMap<>();
        AdminApiServlet.routes(context, ServerControl.fixed(context))
                .forEach(route -> table.put(route.path(), route.methods()));
        return table;
    }

    /** Returns each path with its methods, from a cache in an empty directory. */
    public static Map<String, List<String>> of(Path directory) throws Exception {
        var config = new ConfigLoader(name -> Optional.empty())
                .parse("imagePath: '" + directory + "'\n", "test", Overrides.none())
                .config();
        try (RegistryContext context = RegistryContext.open(config)) {
            return of(context);
        }
    }
}
