package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;

/**
 * What an upstream confirmed: that a repository of it has a digest.
 *
 * @param isPublic whether it asked for no credentials when it did so
 */
public record ConfirmedLink(Repository repository, Digest digest, boolean isPublic) {
    private static final String PUBLIC = "public";

    /**
     * Reads what {@link #toString} wrote. A word too many, as a later version may write, changes nothing.
     *
     * @throws io.ociregistry.oci.RegistryException if it is none
     * @throws IndexOutOfBoundsException if it is only the beginning of one
     */
    static ConfirmedLink parse(String line) {
        String[] words = line.split(" ", -1);
        int slash = words[0].indexOf('/');
        Repository repository =
                new Repository(RegistryName.parse(words[0].substring(0, slash)), words[0].substring(slash + 1));
        return new ConfirmedLink(repository, Digest.parse(words[1]), words.length > 2 && words[2].equals(PUBLIC));
    }

    @Override
    public String toString() {
        return repository + " " + digest + (isPublic ? " " + PUBLIC : "");
    }
}
