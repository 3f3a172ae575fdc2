package io.ociregistry.web;

import io.ociregistry.hosts.HostsToml;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Query;
import io.ociregistry.web.send.BodySender;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Serves {@code GET} and {@code HEAD /hosts.toml}: the file that sends the pulls of a containerd to this server.
 *
 * <p>The file needs no token, because it contains only what the request contains. The address of the server is the
 * parameter {@code server}, or the address that the request was sent to. A header of a proxy never gives the address,
 * unless the container applies it to the request.
 */
final class HostsServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    private static final List<String> PARAMETERS = List.of("ca", "registry", "server");
    private static final Map<String, Integer> DEFAULT_PORTS = Map.of("http", 80, "https", 443);

    private final transient BodySender sender;

    HostsServlet(BodySender sender) {
        this.sender = sender;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        sender.answer(request, response, head -> CompletableFuture.completedStage(answer(request, head.query())));
    }

    private static Answer answer(HttpServletRequest request, Query query) {
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            throw new RegistryException(ErrorCode.UNSUPPORTED, "/hosts.toml accepts GET and HEAD only");
        }
        checkNames(query);
        String server = query.first("server").orElseGet(() -> address(request));
        try {
            String text = HostsToml.of(server, query.first("registry"), query.first("ca"))
                    .text();
            return Answer.ok("application/toml", text.getBytes(StandardCharsets.UTF_8))
                    .with("Cache-Control", "no-store");
        } catch (IllegalArgumentException e) {
            throw invalid(String.valueOf(e.getMessage()));
        }
    }

    /** Refuses a misspelt parameter, because the file without it would be another one. */
    private static void checkNames(Query query) {
        for (String name : query.names()) {
            if (!PARAMETERS.contains(name)) {
                throw invalid("unknown parameter " + name + "; the parameters are " + String.join(", ", PARAMETERS));
            }
            if (query.values(name).size() != 1) {
                throw invalid("give " + name + " once, with a value");
            }
        }
    }

    private static String address(HttpServletRequest request) {
        String scheme = request.getScheme();
        boolean isDefault = Integer.valueOf(request.getServerPort()).equals(DEFAULT_PORTS.get(scheme));
        String authority = request.getServerName() + (isDefault ? "" : ":" + request.getServerPort());
        if (differs(request.getHeader("X-Forwarded-Proto"), scheme)
                || differs(request.getHeader("X-Forwarded-Host"), authority)) {
            throw invalid("a proxy forwarded the request, so this server does not know the address that clients use;"
                    + " add the parameter server, for example ?server=https://cache.example");
        }
        return scheme + "://" + authority + request.getContextPath();
    }

    private static boolean differs(@Nullable String forwarded, String applied) {
        return Optional.ofNullable(forwarded)
                .filter(value -> !value.equalsIgnoreCase(applied))
                .isPresent();
    }

    private static RegistryException invalid(String why) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, why);
    }
}
