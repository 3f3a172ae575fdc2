package io.ociregistry.registry.load.list;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadPlanTest {
    @TempDir
    Path dir;

    @Test
    void commentsSpaceAndLineEndsOfListAreIgnored() throws IOException {
        Path file = write(
                "list",
                "\ufeff# ours\r\n\r\n  r.example/a:1\t\r\n#r.example/no:1\nr.example/b:2",
                StandardCharsets.UTF_8);
        assertEquals(
                List.of(
                        new ListedLine(file.toString(), 3, "r.example/a:1"),
                        new ListedLine(file.toString(), 5, "r.example/b:2")),
                LoadPlan.of(file.toString()).lines());
    }

    @Test
    void utf16ListOfPowerShellIsRead() throws IOException {
        Path file = write("list", "\ufeffr.example/a:1\r\n", StandardCharsets.UTF_16LE);
        assertEquals(
                "r.example/a:1", LoadPlan.of(file.toString()).lines().get(0).text());
    }

    @Test
    void filesAndPatternsCombineWithoutDuplicates() throws IOException {
        write("b.txt", "r.example/b:1", StandardCharsets.UTF_8);
        write("a.txt", "r.example/a:1", StandardCharsets.UTF_8);
        write(".hidden.txt", "r.example/hidden:1", StandardCharsets.UTF_8);
        write("c.list", "r.example/c:1", StandardCharsets.UTF_8);
        Files.createDirectories(dir.resolve("sub/dir"));
        write("sub/dir/d.txt", "r.example/d:1", StandardCharsets.UTF_8);
        String files = dir.resolve("c.list") + ", " + dir.resolve("[ab].txt") + "," + dir.resolve("?.txt") + ","
                + dir.resolve("s*/*/d.txt");
        assertEquals(List.of("c", "a", "b", "d"), names(LoadPlan.of(files)));
    }

    @Test
    void fileWithNameOfPatternIsRead() throws IOException {
        write("[ab].txt", "r.example/itself:1", StandardCharsets.UTF_8);
        write("a.txt", "r.example/a:1", StandardCharsets.UTF_8);
        assertEquals(
                List.of("itself"), names(LoadPlan.of(dir.resolve("[ab].txt").toString())));
    }

    @Test
    void missingFileIsNamedInError() {
        String missing = dir.resolve("missing").toString();
        assertTrue(fails(missing).contains(missing));
        String pattern = dir.resolve("*.txt").toString();
        assertEquals(pattern + ": no file matches this pattern", fails(pattern));
        assertTrue(fails(",").contains("between its commas"));
        assertTrue(fails(dir.toString()).contains("without an oci-layout"));
        assertTrue(fails(dir.resolve("[ab").toString()).contains("can't be expanded"));
    }

    @Test
    void kindOfFileDependsOnContent() throws IOException {
        byte[] tar = new byte[1024];
        System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
        assertEquals(ImageFile.Kind.TAR, kind(tar));
        assertEquals(ImageFile.Kind.GZIP, kind(new byte[] {0x1f, (byte) 0x8b, 8, 0}));
        assertEquals(ImageFile.Kind.ZSTD, kind(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0}));
        assertEquals(ImageFile.Kind.LIST, kind(new byte[0]));
        Path layout = Files.createDirectory(dir.resolve("layout"));
        Files.writeString(layout.resolve("oci-layout"), "{}");
        LoadPlan plan = LoadPlan.of(layout.toString());
        assertEquals(List.of(new ImageFile(layout, layout.toString(), ImageFile.Kind.LAYOUT)), plan.archives());
        assertTrue(plan.lines().isEmpty());
    }

    @Test
    void unknownKindErrorNamesSupportedKinds() throws IOException {
        Path file = Files.write(dir.resolve("elf"), new byte[] {0x7f, 'E', 'L', 'F', 0, 1});
        assertEquals(file + " is neither a list of images nor a tarball (tar, gzip or zstd)", fails(file.toString()));
    }

    private ImageFile.Kind kind(byte[] content) throws IOException {
        return ImageFile.of(Files.write(dir.resolve("some.txt"), content)).kind();
    }

    private Path write(String name, String text, Charset charset) throws IOException {
        return Files.write(dir.resolve(name), text.getBytes(charset));
    }

    private static List<String> names(LoadPlan plan) {
        return plan.lines().stream()
                .map(line -> line.text().replaceAll("r.example/(.*):1", "$1"))
                .toList();
    }

    private static String fails(String files) {
        return String.valueOf(
                assertThrows(IOException.class, () -> LoadPlan.of(files)).getMessage());
    }

    @Test
    void planOfLinesHasNoArchives() {
        LoadPlan plan = LoadPlan.of(ImageList.read("body", "a\nb".getBytes(StandardCharsets.UTF_8)));
        assertEquals(
                List.of("body:1", "body:2"),
                plan.lines().stream().map(ListedLine::location).toList());
        assertTrue(plan.archives().isEmpty());
    }
}
