package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.util.Map;

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
     * @param known repositories by their text, which are far fewer than links
     * @throws io.ociregistry.oci.RegistryException if it is none
     * @throws IndexOutOfBoundsException if it is only the beginning of one
     */
    public static ConfirmedLink parse(String line, Map<String, Repository> known) {
        String[] words = line.split(" ", -1);
        Repository repository = known.computeIfAbsent(words[0], ConfirmedLink::repository);
        return new ConfirmedLink(repository, Digest.parse(words[1]), words.length > 2 && words[2].equals(PUBLIC));
    }

    private static Repository repository(String text) {
        int slash = text.indexOf('/');
        return new Repository(RegistryName.parse(text.substring(0, slash)), text.substring(slash + 1));
    }

    @Override
    public String toString() {
        return repository + " " + digest + (isPublic ? " " + PUBLIC : "");
    }
}
