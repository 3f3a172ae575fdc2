package io.ociregistry.archive;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** The JSON files of an archive. */
final class ArchiveJson {
    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** An index.json has some 500 bytes an image. */
    private static final long LONGEST = 32L << 20;

    private ArchiveJson() {}

    /** Reads one. */
    static JsonNode read(ArchiveFiles files, String name) throws ArchiveException {
        return parse(files, name, files.readWhole(name, LONGEST));
    }

    static JsonNode parse(ArchiveFiles files, String name, byte[] bytes) throws ArchiveException {
        try {
            JsonNode json = JSON.readTree(bytes);
            if (json != null && json.isContainerNode()) {
                return json;
            }
        } catch (IOException e) {
            // Of no interest which character it is.
        }
        throw new ArchiveException(files.path(), name, "it is no JSON");
    }
}
