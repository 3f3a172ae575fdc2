package io.ociregistry.registry.load;

import io.ociregistry.archive.ArchivedImage;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.policy.ListedImage;
import io.ociregistry.registry.policy.RegistryNames;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** What {@code --resolve-ref} says of an archive: what its only image is called, or where those are from that it names by a tag alone. */
public sealed interface ResolveRef {
    /**
     * Parses it: without a tag and a digest it is a repository.
     *
     * @throws RegistryException if it says no registry, or is malformed; the message says what was probably meant
     */
    static ResolveRef parse(String text, RegistryNames names) {
        boolean isRepository = text.indexOf('@') < 0 && text.lastIndexOf(':') <= text.lastIndexOf('/');
        return isRepository && names.tellRegistry(text)
                ? new Home(names.resolve(Optional.empty(), text))
                : new Whole(ListedImage.parse(text, names));
    }

    /**
     * The names of an image.
     *
     * @param isOnly whether the archive has no other
     * @param told those that the archive tells itself
     */
    Set<ImageReference> names(ArchivedImage image, boolean isOnly, Set<ImageReference> told);

    /** A whole name, which counts instead of the archive's. */
    record Whole(ListedImage listed) implements ResolveRef {
        @Override
        public Set<ImageReference> names(ArchivedImage image, boolean isOnly, Set<ImageReference> told) {
            if (!isOnly) {
                return told;
            }
            Set<ImageReference> names = new LinkedHashSet<>(Set.of(listed.name()));
            listed.alias().ifPresent(names::add);
            return names;
        }
    }

    /** The repository of the tags, beside which names that are whole stay as they are. */
    record Home(Repository repository) implements ResolveRef {
        @Override
        public Set<ImageReference> names(ArchivedImage image, boolean isOnly, Set<ImageReference> told) {
            Set<ImageReference> names = new LinkedHashSet<>(told);
            tags(image).forEach(tag -> names.add(new ImageReference(repository, Tag.parse(tag))));
            return names;
        }
    }

    /** What the archive calls an image that can be a tag. */
    static Set<String> tags(ArchivedImage image) {
        Set<String> tags = new LinkedHashSet<>(image.labels());
        tags.removeIf(label -> !Tag.isTag(label));
        return tags;
    }
}
