package io.ociregistry.archive;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** Reads the JSON files of an archive. */
final class ArchiveJson {
    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The limit for one file; an index.json has about 500 bytes per image. */
    private static final long MAX_BYTES = 32L << 20;

    private ArchiveJson() {}

    static JsonNode read(ArchiveFiles files, String name) throws ArchiveException {
        return parse(files, name, files.readFully(name, MAX_BYTES));
    }

    static JsonNode parse(ArchiveFiles files, String name, byte[] bytes) throws ArchiveException {
        try {
            JsonNode json = JSON.readTree(bytes);
            if (json != null && json.isContainerNode()) {
                return json;
            }
        } catch (IOException e) {
            // The position of the syntax error does not help the user.
        }
        throw new ArchiveException(files.path(), name, "it is not a JSON object or array");
    }
}
