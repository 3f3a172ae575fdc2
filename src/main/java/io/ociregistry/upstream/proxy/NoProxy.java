package io.ociregistry.upstream.proxy;

import io.ociregistry.config.address.AddressRange;
import io.ociregistry.config.address.IpLiteral;
import io.ociregistry.upstream.address.Origin;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The targets that are reached directly, although a proxy is configured.
 *
 * <p>An entry is {@code *} for all targets, a domain with all its subdomains ({@code corp.example}, {@code
 * .corp.example} and {@code *.corp.example} are equal), an address, or a block of addresses; each except {@code *} and
 * blocks may have a port. Names are not resolved: an address or block matches only targets that are written as an
 * address. An invalid entry matches nothing.
 */
final class NoProxy {
    private final List<Predicate<Origin>> rules;

    private NoProxy(List<Predicate<Origin>> rules) {
        this.rules = rules;
    }

    static NoProxy of(List<String> entries) {
        return new NoProxy(entries.stream()
                .map(entry -> rule(entry.strip().toLowerCase(Locale.ROOT)))
                .toList());
    }

    boolean matches(Origin target) {
        return rules.stream().anyMatch(rule -> rule.test(target));
    }

    private static Predicate<Origin> rule(String entry) {
        if (entry.equals("*")) {
            return target -> true;
        }
        if (entry.indexOf('/') >= 0) {
            return block(entry);
        }
        Optional<InetAddress> whole = IpLiteral.parse(entry);
        int colon = whole.isPresent() || entry.endsWith("]") ? -1 : entry.lastIndexOf(':');
        if (colon < 0) {
            return host(entry);
        }
        String port = entry.substring(colon + 1);
        return host(entry.substring(0, colon)).and(target -> port.equals(Integer.toString(target.port())));
    }

    private static Predicate<Origin> host(String text) {
        Optional<InetAddress> address = IpLiteral.parse(text);
        if (address.isPresent()) {
            return target -> IpLiteral.parse(target.host()).equals(address);
        }
        String name = withoutFinalDot(text).replaceFirst("^\\*?\\.", "");
        return target -> {
            String host = withoutFinalDot(target.host());
            return !name.isEmpty() && (host.equals(name) || host.endsWith("." + name));
        };
    }

    private static Predicate<Origin> block(String text) {
        Optional<AddressRange> range = AddressRange.of(text);
        return target -> range.isPresent()
                && IpLiteral.parse(target.host())
                        .filter(address -> range.get().contains(address.getAddress()))
                        .isPresent();
    }

    private static String withoutFinalDot(String host) {
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }
}
