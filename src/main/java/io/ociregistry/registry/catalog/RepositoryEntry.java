package io.ociregistry.registry.catalog;

import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is here of a repository: how many manifests, and its tags. Immutable.
 *
 * @param repository the one object for it that everything shares
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record RepositoryEntry(Repository repository, int manifests, Tag[] tags) {
    /** Of a repository of which there is nothing yet. */
    RepositoryEntry(Repository repository) {
        this(repository, 0, new Tag[0]);
    }

    Set<Tag> tagSet() {
        return Set.copyOf(List.of(tags));
    }

    /** With so many manifests more, or less. */
    RepositoryEntry plus(int more) {
        return new RepositoryEntry(repository, manifests + more, tags);
    }

    RepositoryEntry with(Tag tag) {
        Tag[] more = Arrays.copyOf(tags, tags.length + 1);
        more[tags.length] = tag;
        return new RepositoryEntry(repository, manifests, more);
    }

    RepositoryEntry without(Tag tag) {
        Tag[] rest = Arrays.stream(tags).filter(each -> !each.equals(tag)).toArray(Tag[]::new);
        return new RepositoryEntry(repository, manifests, rest);
    }

    /** Null if nothing is left. */
    @Nullable
    RepositoryEntry orNull() {
        return manifests == 0 && tags.length == 0 ? null : this;
    }
}
