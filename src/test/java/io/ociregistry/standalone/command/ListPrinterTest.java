package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.registry.admin.CachedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ListPrinterTest {
    private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");
    private static final String HEX = "83c538418842cad225dbff6f1be787ccc5d5fd4cbd443214c3e1e55cb680c392";
    private static final String DIGEST = "sha256:" + HEX;

    private static final CachedImage LIST = new CachedImage(
            "quay.io/jetstack/controller:v1.16.1",
            "quay.io/jetstack/controller",
            "v1.16.1",
            DIGEST,
            "list",
            "application/vnd.oci.image.index.v1+json",
            List.of("linux/amd64", "linux/arm64/v8"),
            20_449_999,
            10_000_000,
            true,
            "2025-05-18T19:32:36.123Z",
            "2025-01-01T03:00:00Z",
            List.of());
    private static final CachedImage IMAGE = new CachedImage(
            "localhost:5000/x@" + DIGEST,
            "localhost:5000/x",
            DIGEST,
            DIGEST,
            "image",
            "application/vnd.oci.image.manifest.v1+json",
            List.of(),
            20_449_999,
            0,
            false,
            null,
            null,
            List.of(DIGEST));

    @Test
    void tableHasColumnsOfGoProgramAlignedAndInLocalTime() {
        assertEquals(
                """
                IMAGE                        TAG/DIGEST                                                        TYPE   \
                CREATED              PULLED               SIZE(MB)
                quay.io/jetstack/controller  v1.16.1                                                           list   \
                2025-05-18T15:32:36  2024-12-31T22:00:00  n/a
                localhost:5000/x             HEX  image  -                    -                    20.4
                """.replace("HEX", HEX),
                printed(new ListPrinter.Table(true, new ListPrinter.Rows(false, false, NEW_YORK))));
    }

    @Test
    void wideTableHasMoreColumnsAndShortDigests() {
        assertEquals("""
                IMAGE                        TAG/DIGEST  TYPE   CREATED              PULLED               SIZE(MB)  \
                PLATFORM                    COMPLETE  DIGEST
                quay.io/jetstack/controller  v1.16.1     list   2025-05-18T15:32:36  2024-12-31T22:00:00  20.4      \
                linux/amd64,linux/arm64/v8  yes       sha256:83c5384188
                localhost:5000/x             83c5384188  image  -                    -                    20.4      \
                -                           no        sha256:83c5384188
                """, printed(new ListPrinter.Table(true, new ListPrinter.Rows(true, true, NEW_YORK))));
    }

    @Test
    void csvQuotesValuesWithCommas() {
        assertEquals("""
                IMAGE,TAG/DIGEST,TYPE,CREATED,PULLED,SIZE(MB),PLATFORM,COMPLETE,DIGEST
                quay.io/jetstack/controller,v1.16.1,list,2025-05-18T15:32:36,2024-12-31T22:00:00,20.4,\
                "linux/amd64,linux/arm64/v8",yes,sha256:83c5384188
                localhost:5000/x,83c5384188,image,-,-,20.4,-,no,sha256:83c5384188
                """, printed(new ListPrinter.Csv(true, new ListPrinter.Rows(true, true, NEW_YORK))));
    }

    @Test
    void jsonIsArrayInUtcWithOneImagePerLine() {
        var lines = printed(new ListPrinter.Json()).lines().toList();
        assertEquals(4, lines.size());
        assertEquals("[", lines.get(0));
        assertEquals(
                "{\"name\":\"quay.io/jetstack/controller:v1.16.1\",\"image\":\"quay.io/jetstack/controller\","
                        + "\"reference\":\"v1.16.1\","
                        + "\"digest\":\"" + DIGEST
                        + "\",\"type\":\"list\",\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
                        + "\"platforms\":[\"linux/amd64\",\"linux/arm64/v8\"],\"size\":20449999,"
                        + "\"stored\":10000000,\"complete\":true,"
                        + "\"created\":\"2025-05-18T19:32:36.123Z\",\"pulled\":\"2025-01-01T03:00:00Z\",\"blobs\":[]},",
                lines.get(1));
        assertEquals("]", lines.get(3));
    }

    private static String printed(ListPrinter printer) {
        var out = new ByteArrayOutputStream();
        printer.print(Stream.of(LIST, IMAGE), new PrintStream(out, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }
}
