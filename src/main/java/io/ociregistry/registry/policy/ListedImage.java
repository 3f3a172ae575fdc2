package io.ociregistry.registry.policy;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.oci.Text;
import java.util.Optional;

/**
 * An image as people list it: {@code registry/repository:tag}, {@code @digest} or, what manifests of Kubernetes often have, both. Where there are
 * both the digest says what the image is, and the tag is one more name of it.
 */
public record ListedImage(Repository repository, Optional<Tag> tag, Optional<Digest> digest) {
    private static final String SCHEME = "://";

    /**
     * Parses the complete form. Neither a registry nor {@code latest} is implied: what is loaded by a wrong name can't be found offline. The one
     * exception is the registry that the configuration has for requests without one.
     *
     * @throws RegistryException if a part is missing or malformed; the message says what was probably meant
     */
    public static ListedImage parse(String text, RegistryNames names) {
        int scheme = text.indexOf(SCHEME);
        if (scheme >= 0) {
            throw new RegistryException(
                    ErrorCode.NAME_UNKNOWN,
                    Text.quoted(text) + " begins like a URL, and images are named without that; write "
                            + Text.quoted(text.substring(scheme + SCHEME.length()))
                            + " (a registry that is plain HTTP has registries[].scheme in the configuration)");
        }
        int at = text.indexOf('@');
        String named = at < 0 ? text : text.substring(0, at);
        int colon = named.lastIndexOf(':');
        boolean tagged = colon > named.lastIndexOf('/');
        String path = tagged ? named.substring(0, colon) : named;
        if (!names.tellRegistry(path)) {
            String official = path.indexOf('/') < 0 ? "library/" : "";
            String meant = "docker.io/" + official;
            throw incomplete(text, "which registry it is in", isRepository(meant + path, names) ? meant + text : "");
        }
        if (!tagged && at < 0) {
            throw incomplete(text, "which tag or digest is meant", text + ":latest");
        }
        return new ListedImage(
                names.resolve(Optional.empty(), path),
                tagged ? Optional.of(Tag.parse(named.substring(colon + 1))) : Optional.empty(),
                at < 0 ? Optional.empty() : Optional.of(Digest.parse(text.substring(at + 1))));
    }

    private static boolean isRepository(String path, RegistryNames names) {
        try {
            names.resolve(Optional.empty(), path);
            return true;
        } catch (RegistryException e) {
            return false;
        }
    }

    /** Where nothing can have been meant it is empty. */
    private static RegistryException incomplete(String text, String what, String meant) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN,
                Text.quoted(text) + " does not say " + what
                        + (meant.isEmpty() ? "" : "; did you mean " + Text.quoted(meant) + "?"));
    }

    /** What it is to be asked for by. */
    public ImageReference name() {
        return new ImageReference(
                repository, digest.<Reference>map(known -> known).orElseGet(tag::orElseThrow));
    }

    /** Its other name. */
    public Optional<ImageReference> alias() {
        return digest.isPresent() ? tag.map(other -> new ImageReference(repository, other)) : Optional.empty();
    }

    @Override
    public String toString() {
        return repository
                + tag.map(known -> ":" + known).orElse("")
                + digest.map(known -> "@" + known).orElse("");
    }
}
