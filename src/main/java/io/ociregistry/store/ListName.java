package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;

/** What a list is of. Its text is the key under which the list is kept. */
public sealed interface ListName {
    Repository repository();

    /** The first word of the key and of the file's name. */
    String kind();

    /** The tags of a repository. */
    record Tags(Repository repository) implements ListName {
        @Override
        public String kind() {
            return "tags";
        }

        @Override
        public String toString() {
            return "tags of " + repository;
        }
    }

    /** The manifests of a repository that refer to one as their subject. */
    record Referrers(Repository repository, Digest subject) implements ListName {
        @Override
        public String kind() {
            return "referrers";
        }

        @Override
        public String toString() {
            return "referrers of " + repository + "@" + subject;
        }
    }
}
