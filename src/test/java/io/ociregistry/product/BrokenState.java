package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A state of the disk as left by a crash, by a disk that loses writes, or by a mistake of an operator.
 *
 * @param name what is wrong
 * @param damage the change that brings an intact cache into this state
 */
record BrokenState(String name, Damage damage) {
    interface Damage {
        void to(PulledCache cache) throws IOException;
    }

    @Override
    public String toString() {
        return name;
    }

    static Stream<BrokenState> all() {
        return Stream.of(blobs(), records(), partials(), notes(), strangers()).flatMap(List::stream);
    }

    static List<BrokenState> blobs() {
        return List.of(
                new BrokenState("a blob that is empty", cache -> cut(cache.layer(), 0)),
                new BrokenState("a blob of unknown size that is empty", cache -> cut(cache.loose(), 0)),
                new BrokenState("half a blob", cache -> cut(cache.layer(), 0.5)),
                new BrokenState("a blob but for its last byte", cache -> cut(cache.layer(), 0.999_99)),
                new BrokenState("a blob and a byte more", cache -> append(cache.layer(), "x")),
                new BrokenState("a blob of zeros", cache -> zero(cache.layer())),
                new BrokenState("a blob of zeros that was never noted as verified", cache -> {
                    zero(cache.layer());
                    Files.delete(cache.verified());
                }),
                new BrokenState("a config of zeros", cache -> zero(cache.config())),
                new BrokenState("a blob under the name of another one", cache -> copy(cache.config(), cache.layer())),
                new BrokenState(
                        "a blob that is gone, though it was noted as verified", cache -> Files.delete(cache.layer())),
                new BrokenState("a directory in the place of a blob", cache -> directory(cache.layer())),
                new BrokenState("a blob that can't be opened", cache -> unreadable(cache.layer())),
                new BrokenState("all blobs gone", cache -> {
                    Files.delete(cache.layer());
                    Files.delete(cache.config());
                    Files.delete(cache.loose());
                }));
    }

    private static List<BrokenState> records() {
        return List.of(
                new BrokenState("a record that is empty", cache -> cut(cache.record(), 0)),
                new BrokenState("half a record", cache -> cut(cache.record(), 0.5)),
                new BrokenState("a record but for its last byte", cache -> cut(cache.record(), 0.999_99)),
                new BrokenState("a record of zeros", cache -> zero(cache.record())),
                new BrokenState("a record that is garbage", cache -> garbage(cache.record())),
                new BrokenState(
                        "a record that is another JSON document", cache -> Files.writeString(cache.record(), "[1]")),
                new BrokenState(
                        "a record that is JSON to a great depth",
                        cache -> Files.writeString(cache.record(), "{\"bytes\":" + "[".repeat(100_000))),
                new BrokenState("a record without a name", cache -> replace(cache.record(), "r.example/", "!!")),
                new BrokenState(
                        "a record with another manifest inside",
                        cache -> replace(cache.record(), "\"bytes\":\"ewog", "\"bytes\":\"ewoK")),
                new BrokenState(
                        "a record under the name of another one", cache -> copy(cache.soundRecord(), cache.record())),
                new BrokenState(
                        "a record among the indexes",
                        cache -> Files.move(
                                cache.record(), cache.at("fat/" + cache.record().getFileName()))),
                new BrokenState("a record that is gone", cache -> Files.delete(cache.record())),
                new BrokenState("a directory in the place of a record", cache -> directory(cache.record())),
                new BrokenState("a record that can't be opened", cache -> unreadable(cache.record())),
                new BrokenState("an index that is half there", cache -> cut(cache.index(), 0.5)));
    }

    private static List<BrokenState> partials() {
        return List.of(
                new BrokenState("an empty partial file", cache -> {
                    Files.delete(cache.layer());
                    Files.createFile(cache.partial());
                }),
                new BrokenState("half a partial file", cache -> {
                    rename(cache.layer(), cache.partial());
                    cut(cache.partial(), 0.5);
                }),
                new BrokenState(
                        "a whole partial file: the rename is missing", cache -> rename(cache.layer(), cache.partial())),
                new BrokenState("a partial file that is longer than the blob", cache -> {
                    rename(cache.layer(), cache.partial());
                    append(cache.partial(), "and more");
                }),
                new BrokenState("half a partial file of zeros", cache -> {
                    rename(cache.layer(), cache.partial());
                    cut(cache.partial(), 0.5);
                    zero(cache.partial());
                }),
                new BrokenState("a partial file of zeros", cache -> {
                    rename(cache.layer(), cache.partial());
                    zero(cache.partial());
                }),
                new BrokenState(
                        "a partial file of a blob that is here",
                        cache -> Files.write(cache.partial(), new byte[] {1, 2, 3})),
                new BrokenState("half a partial file whose checkpoints are garbage", cache -> {
                    rename(cache.layer(), cache.partial());
                    cut(cache.partial(), 0.5);
                    Files.write(cache.checkpoints(), new byte[] {0, -1, 'x', '\n', '7'});
                }),
                new BrokenState("half a partial file whose checkpoints are torn", cache -> {
                    rename(cache.layer(), cache.partial());
                    cut(cache.partial(), 0.5);
                    Files.writeString(cache.checkpoints(), "r.example/team/app\n\n1000 sha256:0123");
                }),
                new BrokenState("checkpoints without a partial file", cache -> {
                    Files.delete(cache.layer());
                    Files.writeString(
                            cache.checkpoints(), "r.example/team/app\n\n1000 sha256:" + "0".repeat(64) + "\n");
                }),
                new BrokenState("a directory in the place of checkpoints", cache -> {
                    rename(cache.layer(), cache.partial());
                    Files.createDirectories(cache.checkpoints().resolve("inside"));
                }),
                new BrokenState("a directory in the place of a partial file", cache -> {
                    Files.delete(cache.layer());
                    Files.createDirectories(cache.partial().resolve("inside"));
                }),
                new BrokenState("a partial file that can't be opened", cache -> {
                    Files.delete(cache.layer());
                    Files.createFile(cache.partial());
                    unreadable(cache.partial());
                }),
                new BrokenState(
                        "a record of which only the temporary file is there",
                        cache -> rename(
                                cache.record(),
                                cache.at("partial/" + cache.record().getFileName() + ".1.tmp"))),
                new BrokenState("half a temporary file of a record that is here", cache -> {
                    Path temporary = cache.at("partial/" + cache.record().getFileName() + ".1.tmp");
                    Files.copy(cache.record(), temporary);
                    cut(temporary, 0.5);
                }),
                new BrokenState(
                        "a directory named like a temporary file",
                        cache -> Files.createDirectories(
                                cache.at("partial/" + cache.record().getFileName() + ".1.tmp"))));
    }

    /** States of the disposable files, which only save work. */
    private static List<BrokenState> notes() {
        return List.of(
                new BrokenState("no note of what was verified", cache -> Files.delete(cache.verified())),
                new BrokenState("an empty note of what was verified", cache -> cut(cache.verified(), 0)),
                new BrokenState("half a line of what was verified", cache -> cut(cache.verified(), 0.9)),
                new BrokenState("what was verified is garbage", cache -> garbage(cache.verified())),
                new BrokenState("what was verified is garbage, and so are the blobs", cache -> {
                    garbage(cache.verified());
                    garbage(cache.layer());
                    garbage(cache.config());
                    garbage(cache.loose());
                }),
                new BrokenState("a directory for what was verified", cache -> directory(cache.verified())),
                new BrokenState("a directory for what was verified, and a blob missing", cache -> {
                    directory(cache.verified());
                    Files.delete(cache.layer());
                }),
                new BrokenState("no links", cache -> Files.delete(cache.links())),
                new BrokenState("empty links", cache -> cut(cache.links(), 0)),
                new BrokenState("half a line of links", cache -> cut(cache.links(), 0.9)),
                new BrokenState("links that are garbage", cache -> garbage(cache.links())),
                new BrokenState("a directory for the links", cache -> directory(cache.links())),
                new BrokenState("nothing but blobs", cache -> {
                    Files.delete(cache.record());
                    Files.delete(cache.index());
                    Files.delete(cache.links());
                    Files.delete(cache.verified());
                }),
                new BrokenState("an empty note of the lock owner", cache -> cut(cache.at(".lock.info"), 0)),
                new BrokenState(
                        "a directory for the note of the lock owner", cache -> directory(cache.at(".lock.info"))),
                new BrokenState("a note of the lock owner that is garbage", cache -> garbage(cache.at(".lock.info"))),
                new BrokenState("a lock that is garbage", cache -> garbage(cache.at(".lock"))));
    }

    /** States with files that the server did not write. */
    private static List<BrokenState> strangers() {
        return List.of(new BrokenState("files of others everywhere", cache -> {
            for (String directory : List.of(".", "blobs", "fat", "img", "other", "partial", "corrupt", "lists")) {
                for (String name :
                        List.of("README.txt", ".syncthing.x", "x.tmp", "x@y", "sha512-12", "0123", "a b@c d")) {
                    Files.writeString(cache.at(directory).resolve(name), "not ours");
                }
                Files.createDirectories(cache.at(directory).resolve("not-ours"));
            }
            Files.createSymbolicLink(cache.at("blobs/loop"), Path.of("loop"));
            Files.createSymbolicLink(cache.at("img/" + "0".repeat(64)), Path.of("nowhere"));
        }));
    }

    private static void cut(Path file, double share) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, (int) (bytes.length * share)));
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.APPEND);
    }

    private static void zero(Path file) throws IOException {
        Files.write(file, new byte[(int) Files.size(file)]);
    }

    private static void garbage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= (byte) (0xa5 + i);
        }
        Files.write(file, bytes);
    }

    private static void replace(Path file, String what, String with) throws IOException {
        String text = Files.readString(file, StandardCharsets.UTF_8);
        assertTrue(text.contains(what), text);
        Files.writeString(file, text.replace(what, with));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void rename(Path from, Path to) throws IOException {
        Files.move(from, to);
    }

    static void directory(Path file) throws IOException {
        Files.delete(file);
        Files.createDirectories(file.resolve("inside"));
    }

    /** Replaces a file by a link to itself, which even root can't open; a file without permission is not broken. */
    private static void unreadable(Path file) throws IOException {
        Files.delete(file);
        Files.createSymbolicLink(file, file.getFileName());
    }
}
