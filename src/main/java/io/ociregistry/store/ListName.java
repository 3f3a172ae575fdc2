package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;

/** Identifies a stored list of tags or referrers. {@code toString} is the key under which the list is stored. */
public sealed interface ListName {
    Repository repository();

    /** Returns the first word of the key, which is also the first part of the file name. */
    String kind();

    /** The list of the tags of a repository. */
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

    /** The list of the manifests of a repository whose subject is this digest. */
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
