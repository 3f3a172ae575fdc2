package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.util.Map;

/**
 * A confirmed digest link: an upstream confirmed that this repository has this digest.
 *
 * @param isPublic whether the upstream confirmed it without credentials
 */
public record ConfirmedLink(Repository repository, Digest digest, boolean isPublic) {
    private static final String PUBLIC = "public";

    /**
     * Parses a line that {@link #toString} wrote. Ignores additional words, which a later version may write.
     *
     * @param known repositories by their text, to share one object between the many links of a repository
     * @throws io.ociregistry.oci.RegistryException if the line is not a link
     * @throws IndexOutOfBoundsException if the line is an incomplete link
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
