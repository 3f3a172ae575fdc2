package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The names of an image in an archive, parsed as docker parses a reference.
 *
 * <p>The default registry is docker.io, where a single component is in {@code library/}; the default tag is
 * {@code latest}. A single word may be a tag or a name, so it is only a label.
 */
final class ArchivedNames {
    private final Set<ImageReference> names = new LinkedHashSet<>();
    private final Set<String> labels = new LinkedHashSet<>();

    void addAll(Collection<String> texts) {
        for (String text : texts) {
            parse(text).ifPresentOrElse(names::add, () -> labels.add(text));
        }
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    /** Returns true if there is neither a name nor a label. */
    boolean isUnnamed() {
        return names.isEmpty() && labels.isEmpty();
    }

    ArchivedImage toImage(Digest digest) {
        return new ArchivedImage(
                digest, names.stream().toList(), labels.stream().toList());
    }

    static Optional<ImageReference> parse(String text) {
        if (text.indexOf('/') < 0 && text.indexOf(':') < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(complete(text));
        } catch (RegistryException e) {
            return Optional.empty();
        }
    }

    /**
     * Formats a name for an archive, so that docker, containerd and {@link #parse} read the same registry.
     *
     * <p>A registry whose name is a single word gets its port, because {@code harbor/app} is read as
     * {@code docker.io/harbor/app}.
     */
    static String format(ImageReference name) {
        RegistryName registry = name.repository().registry();
        String text = RegistryName.isRegistryComponent(registry.toString()) ? registry.toString() : registry.withPort();
        return text + "/" + name.repository().name() + name.reference().separator() + name.reference();
    }

    private static ImageReference complete(String text) {
        int at = text.indexOf('@');
        String tagged = at < 0 ? text : text.substring(0, at);
        int colon = tagged.lastIndexOf(':');
        boolean hasTag = colon > tagged.lastIndexOf('/');
        Repository repository = repository(hasTag ? tagged.substring(0, colon) : tagged);
        if (hasTag) {
            return new ImageReference(repository, Tag.parse(tagged.substring(colon + 1)));
        }
        return new ImageReference(repository, at < 0 ? Tag.parse("latest") : Digest.parse(text.substring(at + 1)));
    }

    private static Repository repository(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !RegistryName.isRegistryComponent(text.substring(0, slash))) {
            return new Repository(RegistryName.DOCKER_HUB, slash < 0 ? "library/" + text : text);
        }
        RegistryName registry = RegistryName.parse(text.substring(0, slash)).canonical();
        String name = text.substring(slash + 1);
        boolean official = registry.equals(RegistryName.DOCKER_HUB) && name.indexOf('/') < 0;
        return new Repository(registry, official ? "library/" + name : name);
    }
}
