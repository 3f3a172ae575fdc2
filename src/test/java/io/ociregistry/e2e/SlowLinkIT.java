package io.ociregistry.e2e;

import static io.ociregistry.e2e.SlowLink.Break.Kind.RESET;
import static io.ociregistry.e2e.SlowLink.Break.Kind.STALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.e2e.SlowLink.Break;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a pull of an image of 200 MB at the first attempt, over a line that is slow, breaks five times and stalls once.
 */
@Timeout(300)
@ExtendWith(ShowsLogs.class)
class SlowLinkIT {
    private static final String REFERENCE = "docker.io/library/app:1.0";
    private static final int MEGABYTE = 1_000_000;
    private static final long RATE = 14 * MEGABYTE;
    private static final List<Break> BREAKS = List.of(
            new Break(20 * MEGABYTE, RESET),
            new Break(55 * MEGABYTE, RESET),
            new Break(90 * MEGABYTE, STALL),
            new Break(120 * MEGABYTE, RESET),
            new Break(121 * MEGABYTE, RESET),
            new Break(190 * MEGABYTE, RESET));

    /** The TLS overhead: at most 22 bytes for a record of 16 KiB, more for small records. */
    private static final double TLS = 1.005;

    /** The bytes of a handshake and of the response headers. */
    private static final long PER_CONNECTION = 16 << 10;

    @TempDir
    Path directory;

    @Test
    void firstPullSurvivesSixBreaksWithoutSendingBytesTwice() throws Exception {
        var image = AppImage.build(directory);
        try (var upstream = DockerRegistry.start(directory.resolve("upstream"))) {
            image.push(upstream, "library/app");
            try (var link = SlowLink.to(upstream.url().getPort(), RATE, BREAKS);
                    var server = FatJar.startUntuned(configuration(upstream, link), List.of())) {
                pull(server, image, "first-node");

                assertEquals(List.of(), link.breaksToCome());
                assertNothingWasSentTwice(link.bytesPerConnection(), image);

                var before = link.bytesPerConnection();
                pull(server, image, "second-node");
                assertEquals(before, link.bytesPerConnection(), "the second pull needs no line at all");

                assertEquals(0, server.terminate());
                assertEachNodeAskedOnceForEachBlob(server, image);
            }
        }
    }

    private Configuration configuration(DockerRegistry upstream, SlowLink link) {
        var endpoint = URI.create("https://" + Loopback.ADDRESS + ":" + link.port());
        return Configuration.dockerHubIs(upstream, endpoint, directory).with("timeouts: {stall: 2s}");
    }

    private void pull(FatJar server, AppImage image, String node) throws IOException {
        try (var containerd = Containerd.start(directory.resolve(node), server.url())) {
            containerd.pull(REFERENCE, "linux/amd64");
            assertEquals(new TreeSet<>(image.digests("amd64")), containerd.digests());
            for (var digest : image.digests("amd64")) {
                assertEquals(-1, Files.mismatch(image.blob(digest), containerd.blob(digest)), digest);
            }
        }
    }

    private static void assertNothingWasSentTwice(List<Long> bytesPerConnection, AppImage image) throws IOException {
        long content = 0;
        for (var digest : image.digests("amd64")) {
            content += Files.size(image.blob(digest));
        }
        var sent = bytesPerConnection.stream().mapToLong(Long::longValue).sum();
        var allowed = (long) (content * TLS)
                + PER_CONNECTION * bytesPerConnection.size()
                + SlowLink.LOST_AT_MOST * BREAKS.size();
        var what = "%,d bytes of content, %,d bytes over the line, at most %,d allowed, by connection: %s"
                .formatted(content, sent, allowed, bytesPerConnection);
        assertTrue(sent > content && sent <= allowed, what);
        Measured.by(SlowLinkIT.class, "%s", what);
    }

    /** Checks that containerd did not retry; the log is complete once the server has ended. */
    private static void assertEachNodeAskedOnceForEachBlob(FatJar server, AppImage image) {
        for (var blob : image.digests("amd64").subList(2, image.digests("amd64").size())) {
            var asked = server.accessLog().stream()
                    .filter(line -> line.contains("/blobs/" + blob))
                    .toList();
            assertEquals(2, asked.size(), asked::toString);
        }
    }
}
