package io.ociregistry.config;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.ProxyConfig;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ListOf;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ScalarOrObject;
import io.ociregistry.config.yaml.Values;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys of {@code registries[].proxy}, which may also be the {@code url} alone, or {@code none}. */
final class ProxyKeys {
    private static final Pattern BLOCK = Pattern.compile("[0-9A-Fa-f:.]+/([0-9]{1,3})");
    private static final int IPV4_BITS = 32;
    private static final int IPV6_BITS = 128;

    static final Key<Optional<ProxyConfig.HttpProxy>> URL =
            optional("url", new Scalar<>(ProxyUrl::parse), "the URL of the proxy: http://host:port");
    static final Key<List<String>> NO_PROXY = new Key<>(
            "noProxy",
            new ListOf<>(new Scalar<>(ProxyKeys::exception)),
            List.of(),
            "hosts, domains and address ranges that are reached without the proxy");
    static final ScalarOrObject<ProxyConfig> TYPE = new ScalarOrObject<>(
            new Scalar<>(text -> text.equals("none") ? ProxyConfig.NONE : ProxyUrl.parse(text)),
            new ObjectType<>(
                    List.of(
                            URL,
                            AuthKeys.USER,
                            AuthKeys.PASSWORD,
                            AuthKeys.PASSWORD_FROM_ENV,
                            AuthKeys.PASSWORD_FILE,
                            NO_PROXY),
                    ProxyKeys::proxy));

    private ProxyKeys() {}

    private static ProxyConfig proxy(Values values, ObjectType.ProblemReporter reporter) {
        AuthKeys.requireUserAndPassword(reporter);
        var url = values.get(URL);
        if (url.isEmpty()) {
            if (!reporter.hasValue(URL)) {
                reporter.report(URL, "is missing; write http://host:port");
            }
            return ProxyConfig.NONE;
        }
        var via = url.get().withNoProxy(values.get(NO_PROXY));
        if (!values.has(AuthKeys.USER)) {
            return via;
        }
        if (via.auth() != AuthConfig.ANONYMOUS) {
            reporter.report(AuthKeys.USER, "is set in url too; keep one of them");
        }
        return via.withAuth(AuthKeys.account(values.get(AuthKeys.USER).orElseThrow(), values, reporter));
    }

    private static String exception(String text) {
        Matcher block = BLOCK.matcher(text);
        int maxBits = text.indexOf(':') < 0 ? IPV4_BITS : IPV6_BITS;
        boolean good = text.indexOf('/') < 0
                ? text.matches("[!-~&&[^,]]+")
                : block.matches() && Integer.parseInt(block.group(1)) <= maxBits;
        if (!good) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a host[:port], a .domain or an address range like 10.0.0.0/8");
        }
        return text;
    }
}
