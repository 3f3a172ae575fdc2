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
 * What an {@code index.json}, or an index in the layout, lists (image specification, "Image Layout"), with the names that it gives.
 *
 * @param unreadable what it lists by something that is no digest known here, quoted
 * @param leftOut manifests that are known where the archive goes; see {@link #LEFT_OUT}
 */
record LayoutIndex(List<Entry> entries, List<String> unreadable, Set<Digest> leftOut) {
    /** The full name, as containerd and docker write it. */
    static final String FULL_NAME = "io.containerd.image.name";

    /** What the specification has: a full name, or a tag alone. */
    static final String REF_NAME = "org.opencontainers.image.ref.name";

    /** Ours: digests, separated by spaces, of manifests that an archive does not repeat. */
    static final String LEFT_OUT = "io.ociregistry.left-out";

    /** A descriptor, and what it is called there. */
    record Entry(Descriptor descriptor, List<String> names) {}

    /** Reads it. */
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
        // Beside a full name, the other one is its tag.
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
                // Of an algorithm of the future: then nothing here can refer to it.
            }
        });
        return digests;
    }
}
