package io.ociregistry.upstream.http;

import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.address.Origin;
import java.net.URI;
import java.util.Optional;

/**
 * Where the repositories of a registry are, and what they are called there: in the registry itself, or in a mirror of it.
 *
 * @param prefix what comes before their names, with a slash at its end; empty for nothing
 * @param ns what a cache is told that mirrors several registries (distribution specification, "Registry Proxying")
 * @param mirror whether that is a mirror
 */
public record UpstreamLocation(Origin origin, String prefix, Optional<RegistryName> ns, boolean mirror) {
    /** In the registry itself. */
    public static UpstreamLocation in(Origin registry) {
        return new UpstreamLocation(registry, "", Optional.empty(), false);
    }

    /** In that mirror of a registry. */
    public static UpstreamLocation in(MirrorConfig mirror, RegistryName registry) {
        return new UpstreamLocation(
                Origin.of(mirror.url()),
                mirror.prefix().map(path -> path + "/").orElse(""),
                Optional.of(registry).filter(name -> mirror.ns()),
                true);
    }

    /** True for a cache that asks the registry itself, so that what it answers tells of that one. */
    public boolean isCache() {
        return ns.isPresent();
    }

    /**
     * The name of the repository there. A cache may take the first component of a name for the registry that {@code ns}
     * tells, and leave it out; so a name that begins like a registry comes after the registry itself.
     */
    String repository(String name) {
        String first = name.substring(0, Math.max(0, name.indexOf('/')));
        boolean mayBeMisread = prefix.isEmpty() && RegistryName.isUnmistakable(first);
        return ns.filter(registry -> mayBeMisread)
                        .map(registry -> registry.withPort() + "/")
                        .orElse(prefix)
                + name;
    }

    /**
     * Of something in a repository.
     *
     * @param path below the repository
     * @param query without the question mark; empty for none
     */
    URI uri(String repository, String path, String query) {
        // Its own links to next pages have it already.
        boolean told = ("&" + query).contains("&ns=");
        String more = ns.filter(name -> !told).map(name -> "ns=" + name).orElse("");
        String all = query + (query.isEmpty() || more.isEmpty() ? "" : "&") + more;
        // The brackets of an IPv6 address are no part of a path.
        String escaped = repository(repository).replace("[", "%5B").replace("]", "%5D");
        return origin.resolve("/v2/" + escaped + "/" + path + (all.isEmpty() ? "" : "?" + all));
    }
}
