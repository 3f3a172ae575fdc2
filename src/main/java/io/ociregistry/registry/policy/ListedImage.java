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
 * An image name in an image list: {@code registry/repository} with {@code :tag}, {@code @digest} or both.
 *
 * <p>Kubernetes manifests often give both. Then the digest identifies the image, and the tag is an additional name.
 */
public record ListedImage(Repository repository, Optional<Tag> tag, Optional<Digest> digest) {
    private static final String SCHEME = "://";

    /**
     * Parses a complete name. Neither a registry nor {@code latest} is implied, because an image that was loaded by a
     * wrong name is not found offline. If {@code defaultNs} is configured, it is the registry of names without one.
     *
     * @throws RegistryException if a part is missing or malformed; the message suggests a correction
     */
    public static ListedImage parse(String text, RegistryNames names) {
        int scheme = text.indexOf(SCHEME);
        if (scheme >= 0) {
            throw new RegistryException(
                    ErrorCode.NAME_UNKNOWN,
                    Text.quoted(text) + " starts like a URL, and image names have no scheme; write "
                            + Text.quoted(text.substring(scheme + SCHEME.length()))
                            + " (for a registry over plain HTTP, set registries[].scheme in the configuration)");
        }
        int at = text.indexOf('@');
        String named = at < 0 ? text : text.substring(0, at);
        int colon = named.lastIndexOf(':');
        boolean tagged = colon > named.lastIndexOf('/');
        String path = tagged ? named.substring(0, colon) : named;
        if (!names.hasRegistry(path)) {
            String official = path.indexOf('/') < 0 ? "library/" : "";
            String prefix = "docker.io/" + official;
            throw incomplete(text, "names no registry", isRepository(prefix + path, names) ? prefix + text : "");
        }
        if (!tagged && at < 0) {
            throw incomplete(text, "has no tag and no digest", text + ":latest");
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

    /** The suggestion may be empty. */
    private static RegistryException incomplete(String text, String problem, String suggestion) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN,
                Text.quoted(text) + " " + problem
                        + (suggestion.isEmpty() ? "" : "; did you mean " + Text.quoted(suggestion) + "?"));
    }

    /** The name to request the image by: by digest if there is one. */
    public ImageReference name() {
        return new ImageReference(
                repository, digest.<Reference>map(known -> known).orElseGet(tag::orElseThrow));
    }

    /** The name by tag, if the image is requested by digest and has a tag too. */
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
