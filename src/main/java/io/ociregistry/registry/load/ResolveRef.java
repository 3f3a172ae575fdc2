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

/**
 * The value of {@code --resolve-ref} for an archive: the full name of its only image, or the repository of the images
 * that it names only by a tag.
 */
public sealed interface ResolveRef {
    /**
     * Parses the value; a value without a tag and a digest is a repository.
     *
     * @throws RegistryException if the value names no registry or is malformed; the message suggests a correction
     */
    static ResolveRef parse(String text, RegistryNames names) {
        boolean isRepository = text.indexOf('@') < 0 && text.lastIndexOf(':') <= text.lastIndexOf('/');
        return isRepository && names.hasRegistry(text)
                ? new InRepository(names.resolve(Optional.empty(), text))
                : new FullName(ListedImage.parse(text, names));
    }

    /**
     * Returns the names of an image.
     *
     * @param isOnly whether the archive has no other image
     * @param archived the names in the archive
     */
    Set<ImageReference> names(ArchivedImage image, boolean isOnly, Set<ImageReference> archived);

    /** A full name, which replaces the names in the archive. */
    record FullName(ListedImage listed) implements ResolveRef {
        @Override
        public Set<ImageReference> names(ArchivedImage image, boolean isOnly, Set<ImageReference> archived) {
            if (!isOnly) {
                return archived;
            }
            Set<ImageReference> names = new LinkedHashSet<>(Set.of(listed.name()));
            listed.alias().ifPresent(names::add);
            return names;
        }
    }

    /** A repository, which completes tags; full names in the archive stay as they are. */
    record InRepository(Repository repository) implements ResolveRef {
        @Override
        public Set<ImageReference> names(ArchivedImage image, boolean isOnly, Set<ImageReference> archived) {
            Set<ImageReference> names = new LinkedHashSet<>(archived);
            tags(image).forEach(tag -> names.add(new ImageReference(repository, Tag.parse(tag))));
            return names;
        }
    }

    /** Returns the labels of an image that are valid tags. */
    static Set<String> tags(ArchivedImage image) {
        Set<String> tags = new LinkedHashSet<>(image.labels());
        tags.removeIf(label -> !Tag.isValid(label));
        return tags;
    }
}
