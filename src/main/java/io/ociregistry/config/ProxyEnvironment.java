package io.ociregistry.config;

import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.model.ProxyKeys;
import io.ociregistry.config.yaml.ParseContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The proxies of the environment: {@code http_proxy} for http URLs, {@code https_proxy} for https URLs, and
 * {@code no_proxy} for the exceptions.
 *
 * <p>The lower-case spelling, which curl uses, takes precedence over the upper-case one. An empty variable counts as
 * unset. This machine is always reached without a proxy, as in Go programs. Immutable.
 */
public record ProxyEnvironment(ProxyConfig http, ProxyConfig https) {
    public static final ProxyEnvironment NONE = new ProxyEnvironment(ProxyConfig.NONE, ProxyConfig.NONE);

    private static final List<String> THIS_MACHINE = List.of("localhost", "127.0.0.0/8", "[::1]");

    private record Variable(String name, String value) {}

    static ProxyEnvironment read(ParseContext context) {
        List<String> exceptions = new ArrayList<>(THIS_MACHINE);
        variable("no_proxy", context)
                .ifPresent(noProxy ->
                        exceptions.addAll(Arrays.asList(noProxy.value().strip().split("[,\\s]+"))));
        return new ProxyEnvironment(
                proxy("http_proxy", exceptions, context), proxy("https_proxy", exceptions, context));
    }

    private static ProxyConfig proxy(String lowerCase, List<String> exceptions, ParseContext context) {
        Optional<Variable> variable = variable(lowerCase, context);
        if (variable.isEmpty()) {
            return ProxyConfig.NONE;
        }
        try {
            return ProxyKeys.parseUrl(variable.get().value()).withNoProxy(exceptions);
        } catch (IllegalArgumentException e) {
            context.problem("the environment variable " + variable.get().name() + " " + e.getMessage());
            return ProxyConfig.NONE;
        }
    }

    /** The first spelling that is set and not blank. */
    private static Optional<Variable> variable(String lowerCase, ParseContext context) {
        try {
            return Stream.of(lowerCase, lowerCase.toUpperCase(Locale.ROOT))
                    .flatMap(name -> context.environmentVariable(name).map(value -> new Variable(name, value)).stream())
                    .filter(variable -> !variable.value().isBlank())
                    .findFirst();
        } catch (IllegalArgumentException e) {
            context.problem(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }
}
