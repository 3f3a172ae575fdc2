package io.ociregistry.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** One version of the requested content. Checks that a client received it, and that the store has it. */
interface Version {
    /** Returns true if the body of the answer is exactly this version. */
    boolean isBodyOf(ReceivedAnswer got) throws IOException;

    boolean isIn(Path store) throws IOException;

    /** Returns true if the store has an unfinished download of this version. */
    boolean isPartlyIn(Path store) throws IOException;

    /** The exact bytes of a manifest or a blob, in a file that is named by the digest. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Content(String directory, byte[] bytes, Digest digest) implements Version {
        @Override
        public boolean isBodyOf(ReceivedAnswer got) {
            return Arrays.equals(bytes, got.body()) && digest.toString().equals(got.header("Docker-Content-Digest"));
        }

        @Override
        public boolean isIn(Path store) {
            return Files.isRegularFile(store.resolve(directory).resolve(digest.hex()));
        }

        @Override
        public boolean isPartlyIn(Path store) throws IOException {
            try (var files = Files.newDirectoryStream(store.resolve("partial"), digest.hex() + "*")) {
                return files.iterator().hasNext();
            }
        }
    }

    /** An index of referrers, compared by the digests that it lists. */
    record Referrers(String repository, List<Digest> digests) implements Version {
        private static final JsonMapper JSON = JsonMapper.builder().build();

        @Override
        public boolean isBodyOf(ReceivedAnswer got) throws IOException {
            return isListedIn(JSON.readTree(got.body()));
        }

        @Override
        public boolean isIn(Path store) throws IOException {
            Optional<JsonNode> kept = Optional.empty();
            try (var files = Files.newDirectoryStream(store.resolve("lists"), "referrers-*")) {
                for (Path file : files) {
                    JsonNode json = JSON.readTree(file.toFile());
                    if (json.path("list").asText().contains("/" + repository + "@")) {
                        kept = Optional.of(json.path("answer"));
                    }
                }
            }
            return kept.isPresent() && isListedIn(kept.get());
        }

        @Override
        public boolean isPartlyIn(Path store) {
            return false;
        }

        private boolean isListedIn(JsonNode index) {
            return index.path("schemaVersion").asInt() == 2
                    && index.path("manifests")
                            .findValuesAsText("digest")
                            .equals(digests.stream().map(Digest::toString).toList());
        }
    }
}
