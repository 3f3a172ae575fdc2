package io.ociregistry.standalone.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.TaskProgress;
import io.ociregistry.standalone.jetty.StartException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Sends one archive to a running server, which loads it.
 *
 * <p>The upload has the digest of the archive as its name. So after a broken connection, and at the next start of the
 * same command, it continues at the bytes that the server has.
 */
final class ArchiveSender {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int BUFFER = 1 << 16;
    /** The number of attempts that add no byte. */
    private static final int MAX_ATTEMPTS = 8;

    /** The longest name that the server takes. */
    private static final int MAX_NAME = 255;

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final RemoteServer server;
    private final ImageFile archive;
    private final Digest digest;
    private final long size;
    private final Map<String, String> query;

    private ArchiveSender(RemoteServer server, ImageFile archive, Digest digest, long size, Map<String, String> query) {
        this.server = server;
        this.archive = archive;
        this.digest = digest;
        this.size = size;
        this.query = query;
    }

    /**
     * Reads the archive for its digest.
     *
     * @param query the parameters of the load
     */
    static ArchiveSender of(RemoteServer server, ImageFile archive, Map<String, String> query) throws StartException {
        if (archive.kind() == ImageFile.Kind.LAYOUT) {
            throw new StartException(
                    "cannot send the directory " + archive.name() + " to a server; send a tar: tar -cf images.tar -C "
                            + archive.name() + " .",
                    null);
        }
        var hash = Digest.Algorithm.SHA256.newHash();
        try (var in = Files.newInputStream(archive.path())) {
            var buffer = new byte[BUFFER];
            long size = 0;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                hash.update(buffer, 0, count);
                size += count;
            }
            var digest = Digest.finish(Digest.Algorithm.SHA256, hash);
            var all = new HashMap<>(query);
            all.put("upload", digest.toString());
            var name = archive.name();
            all.put("name", name.substring(Math.max(0, name.length() - MAX_NAME)));
            return new ArchiveSender(server, archive, digest, size, all);
        } catch (IOException e) {
            throw new StartException("cannot read " + archive.name() + ": " + CommandFailure.reason(e), e);
        }
    }

    /**
     * Sends what the server does not have, and returns the lines with the progress of the load, which the caller
     * closes.
     */
    InputStream send(Function<String, TaskProgress> display) throws StartException {
        // Without a retry, because the mistake may be in --server.
        try (var reached = server.get("/cmd/uploads", Map.of(), warning -> {})) {
            reached.readAllBytes();
        } catch (IOException e) {
            throw server.connectionFailure(e);
        }
        try (var progress = display.apply("sending " + Path.of(archive.name()).getFileName())) {
            long last = -1;
            for (int attempt = 0; ; attempt++) {
                try {
                    long offset = received();
                    attempt = offset > last ? 0 : attempt;
                    last = offset;
                    return send(offset, progress);
                } catch (IOException e) {
                    if (attempt >= MAX_ATTEMPTS) {
                        throw server.connectionFailure(e);
                    }
                    pause(attempt);
                }
            }
        }
    }

    /** Returns the bytes that the server has, when no other request sends the archive. */
    private long received() throws IOException, StartException {
        JsonNode known = upload();
        for (int i = 0; i < MAX_ATTEMPTS && known.path("state").asText().equals("receiving"); i++) {
            // The server has not noticed the break, or another command sends the archive.
            pause(i);
            known = upload();
        }
        return known.path("bytes").asLong();
    }

    private JsonNode upload() throws IOException, StartException {
        try (var body = server.getOrFail("/cmd/uploads")) {
            for (var upload : JSON.readTree(body)) {
                if (upload.path("upload").asText().equals(digest.toString())) {
                    return upload;
                }
            }
            return JSON.createObjectNode();
        }
    }

    private InputStream send(long offset, TaskProgress progress) throws IOException, StartException {
        try (var in = Files.newInputStream(archive.path())) {
            in.skipNBytes(offset);
            var counted = new FilterInputStream(in) {
                private long sent = offset;

                @Override
                public int read(byte[] into, int from, int length) throws IOException {
                    int count = super.read(into, from, length);
                    sent += Math.max(0, count);
                    progress.stepTo(sent, size);
                    return count;
                }
            };
            var all = new HashMap<>(query);
            all.put("offset", String.valueOf(offset));
            return server.postStream("/cmd/load", all, counted, size - offset);
        }
    }

    private static void pause(int attempt) throws StartException {
        try {
            Thread.sleep(Math.min(LONGEST_PAUSE.toMillis(), FIRST_PAUSE.toMillis() << attempt));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("the upload was interrupted; the same command continues it within an hour", e);
        }
    }
}
