package io.ociregistry.registry.blob;

import io.ociregistry.oci.RegistryException;

/**
 * The way in which a repository may get a blob at this moment (ADR 35). A decision ages: after each wait, {@link
 * BlobAccess#decide} has to be called again.
 */
sealed interface Decision {
    /**
     * Returns true if the repository may have the bytes in the store, provided that its upstream has answered that it
     * has the blob. A repository with a link needs no answer.
     */
    boolean mayUseStore();

    /** Returns true if the repository may have the blob without an answer of its upstream. */
    default boolean isAllowed() {
        return false;
    }

    /** The repository has a link: it gets the stored blob. If the blob is not stored, it is downloaded. */
    record Stored() implements Decision {
        @Override
        public boolean mayUseStore() {
            return true;
        }

        @Override
        public boolean isAllowed() {
            return true;
        }
    }

    /** The upstream is sending the blob for this very repository: the request joins the download. */
    record Join(boolean mayUseStore) implements Decision {
        @Override
        public boolean isAllowed() {
            return true;
        }
    }

    /**
     * The blob is stored, or in flight from the same registry: the upstream has to confirm it by HEAD first.
     *
     * @param mayUseStore true if the upstream's answer is trusted and gives the repository a link
     */
    record Confirm(boolean mayUseStore) implements Decision {}

    /** The cache has nothing that the repository may have: the blob is downloaded from its own registry. */
    record Fetch() implements Decision {
        @Override
        public boolean mayUseStore() {
            return false;
        }
    }

    /** The digest is no blob of the repository. */
    record Refuse(RegistryException reason) implements Decision {
        @Override
        public boolean mayUseStore() {
            return false;
        }
    }
}
