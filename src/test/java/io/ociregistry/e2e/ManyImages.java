package io.ociregistry.e2e;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.GoCache;
import io.ociregistry.testing.GoCache.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A cache of many images, each with its own tag and five small blobs, in repositories of twenty images. Each blob has a
 * verification note, as in a cache in use; the file stamps in the notes are invented.
 */
record ManyImages(int count, String lastTag, Digest last) {
    private static final int BLOBS = 5;
    private static final int TAGS = 20;

    static ManyImages write(Path root, int count) throws IOException {
        GoCache cache = GoCache.create(root, Version.V1_8);
        String tag = "";
        Digest digest = Digest.of(new byte[0]);
        List<String> notes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] manifest = manifest(root, i, notes);
            tag = "r%d.example/team/app-%d:v1.%d".formatted(i % 3, i / TAGS, i);
            cache.record(tag, MediaType.OCI_MANIFEST, manifest, "img");
            digest = Digest.of(manifest);
        }
        Files.write(root.resolve("verified"), notes);
        return new ManyImages(count, tag, digest);
    }

    private static byte[] manifest(Path root, int number, List<String> notes) throws IOException {
        List<String> descriptors = new ArrayList<>();
        for (int i = 0; i < BLOBS; i++) {
            byte[] blob = ("blob " + i + " of image " + number).getBytes(StandardCharsets.UTF_8);
            Digest digest = Digest.of(blob);
            Files.write(root.resolve("blobs").resolve(digest.hex()), blob);
            notes.add(digest.hex() + " " + blob.length + " 1700000000000 (dev=1,ino=" + notes.size() + ")");
            descriptors.add("{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" + digest
                    + "\",\"size\":" + blob.length + "}");
        }
        String json = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":"
                + descriptors.get(0) + ",\"layers\":[" + String.join(",", descriptors.subList(1, BLOBS)) + "]}";
        return json.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the path of the last image's manifest, by tag. */
    String byTag() {
        return path(lastTag.substring(lastTag.lastIndexOf(':') + 1));
    }

    String byDigest() {
        return path(last.toString());
    }

    private String path(String reference) {
        int slash = lastTag.indexOf('/');
        String repository = lastTag.substring(slash + 1, lastTag.lastIndexOf(':'));
        return "/v2/" + repository + "/manifests/" + reference + "?ns=" + lastTag.substring(0, slash);
    }
}
