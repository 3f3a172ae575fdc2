package io.ociregistry.archive;

import com.fasterxml.jackson.databind.JsonNode;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Text;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The entries of an {@code index.json}, or of an index in the layout (image specification, "Image Layout").
 *
 * @param unreadable the listed digests that are invalid or of an unknown algorithm, quoted
 * @param leftOut the manifests that the archive omits because the receiver has them; see {@link #LEFT_OUT}
 */
record LayoutIndex(List<Entry> entries, List<String> unreadable, Set<Digest> leftOut) {
    /** The annotation with the full name, written by containerd and docker. */
    static final String FULL_NAME = "io.containerd.image.name";

    /** The annotation of the specification: a full name, or only a tag. */
    static final String REF_NAME = "org.opencontainers.image.ref.name";

    /** An annotation of ociregistry: the digests, separated by spaces, of the manifests that the archive omits. */
    static final String LEFT_OUT = "io.ociregistry.left-out";

    record Entry(Descriptor descriptor, List<String> names) {}

    static LayoutIndex read(JsonNode json) {
        List<Entry> entries = new ArrayList<>();
        List<String> unreadable = new ArrayList<>();
        for (JsonNode node : json.path("manifests")) {
            Descriptor.read(node)
                    .ifPresentOrElse(
                            descriptor -> entries.add(new Entry(descriptor, names(node))),
                            () -> unreadable.add(Text.quoted(node.path("digest").asText(""))));
        }
        return new LayoutIndex(
                entries,
                unreadable,
                digests(json.path("annotations").path(LEFT_OUT).asText("")));
    }

    private static List<String> names(JsonNode node) {
        JsonNode annotations = node.path("annotations");
        List<String> full = text(annotations, FULL_NAME);
        // If there is a full name, the other annotation is its tag.
        return full.isEmpty() ? text(annotations, REF_NAME) : full;
    }

    private static List<String> text(JsonNode annotations, String key) {
        String text = annotations.path(key).asText("");
        return text.isEmpty() ? List.of() : List.of(text);
    }

    private static Set<Digest> digests(String text) {
        Set<Digest> digests = new HashSet<>();
        Stream.of(text.split(" ")).filter(word -> !word.isEmpty()).forEach(word -> {
            try {
                digests.add(Digest.parse(word));
            } catch (RegistryException unknown) {
                // An unknown algorithm: no known manifest can refer to this digest.
            }
        });
        return digests;
    }
}
