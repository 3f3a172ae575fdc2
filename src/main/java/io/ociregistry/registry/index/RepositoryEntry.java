package io.ociregistry.registry.index;

import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The number of cached manifests of a repository, and its tags; immutable.
 *
 * @param repository the object that all links to this repository share
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record RepositoryEntry(Repository repository, int manifests, Tag[] tags) {
    RepositoryEntry(Repository repository) {
        this(repository, 0, new Tag[0]);
    }

    Set<Tag> tagSet() {
        return Set.copyOf(List.of(tags));
    }

    /** Returns an entry with more manifests, or with fewer if the number is negative. */
    RepositoryEntry plusManifests(int more) {
        return new RepositoryEntry(repository, manifests + more, tags);
    }

    RepositoryEntry withTag(Tag tag) {
        Tag[] more = Arrays.copyOf(tags, tags.length + 1);
        more[tags.length] = tag;
        return new RepositoryEntry(repository, manifests, more);
    }

    RepositoryEntry withoutTag(Tag tag) {
        Tag[] rest = Arrays.stream(tags).filter(each -> !each.equals(tag)).toArray(Tag[]::new);
        return new RepositoryEntry(repository, manifests, rest);
    }

    /** Returns this entry; null if it has neither manifests nor tags. */
    @Nullable
    RepositoryEntry nullIfEmpty() {
        return manifests == 0 && tags.length == 0 ? null : this;
    }
}
