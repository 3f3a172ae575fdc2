package io.ociregistry.config;

import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.yaml.ParseContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the environment says of proxies: {@code http_proxy} for what is reached by http, {@code https_proxy} for https, and {@code no_proxy}
 * for what is reached directly. Of two spellings that of curl, in lower case, counts; an empty variable counts as none. This machine is always
 * reached directly, as Go's programs do.
 */
public record ProxyEnvironment(ProxyConfig http, ProxyConfig https) {
    public static final ProxyEnvironment NONE = new ProxyEnvironment(ProxyConfig.NONE, ProxyConfig.NONE);

    private static final List<String> THIS_MACHINE = List.of("localhost", "127.0.0.0/8", "[::1]");

    private record Variable(String name, String value) {}

    static ProxyEnvironment read(ParseContext reading) {
        List<String> direct = new ArrayList<>(THIS_MACHINE);
        variable("no_proxy", reading)
                .ifPresent(noProxy ->
                        direct.addAll(Arrays.asList(noProxy.value().strip().split("[,\\s]+"))));
        return new ProxyEnvironment(proxy("http_proxy", direct, reading), proxy("https_proxy", direct, reading));
    }

    private static ProxyConfig proxy(String lowerCase, List<String> direct, ParseContext reading) {
        Optional<Variable> variable = variable(lowerCase, reading);
        if (variable.isEmpty()) {
            return ProxyConfig.NONE;
        }
        try {
            return ProxyUrl.parse(variable.get().value()).except(direct);
        } catch (IllegalArgumentException e) {
            reading.problem("the environment variable " + variable.get().name() + " " + e.getMessage());
            return ProxyConfig.NONE;
        }
    }

    /** The spelling that is set. */
    private static Optional<Variable> variable(String lowerCase, ParseContext reading) {
        try {
            return Stream.of(lowerCase, lowerCase.toUpperCase(Locale.ROOT))
                    .flatMap(name -> reading.variable(name).map(value -> new Variable(name, value)).stream())
                    .filter(variable -> !variable.value().isBlank())
                    .findFirst();
        } catch (IllegalArgumentException e) {
            reading.problem(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }
}
