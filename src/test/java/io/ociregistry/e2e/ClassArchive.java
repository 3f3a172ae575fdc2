package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The archive of the classes that the jar loads at a start, made once for all test processes. A start with it needs
 * half the time of the processor.
 */
final class ClassArchive {
    private static final Path FILE = Path.of("target", "e2e", "classes.jsa").toAbsolutePath();

    private ClassArchive() {}

    /** Returns the options of the JVM that use the archive. A JVM silently ignores an archive that does not fit. */
    static List<String> options() {
        return Made.OPTIONS;
    }

    private static final class Made {
        private static final List<String> OPTIONS = make();

        private static List<String> make() {
            try {
                Files.createDirectories(FILE.getParent());
                Path lock = FILE.resolveSibling("classes.lock");
                try (var channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                    // The lock ends with the channel.
                    channel.lock();
                    if (isOutdated()) {
                        train();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return List.of("-XX:SharedArchiveFile=" + FILE, "-Xlog:cds=off", "-Xlog:cds+dynamic=off");
        }

        private static boolean isOutdated() throws IOException {
            return !Files.exists(FILE)
                    || Files.getLastModifiedTime(FILE).compareTo(Files.getLastModifiedTime(FatJar.artifact())) < 0;
        }

        private static void train() throws IOException {
            Path directory = Files.createTempDirectory(FILE.getParent(), "training");
            Path archive = directory.resolve("classes.jsa");
            Program.run(
                    "training",
                    Stream.of(
                                    List.of(Java.executable(), "-XX:ArchiveClassesAtExit=" + archive),
                                    Java.QUICK_START,
                                    List.of("-cp", FatJar.artifact().toString()),
                                    List.of("io.ociregistry.standalone.Training", directory.toString()))
                            .flatMap(List::stream)
                            .toList());
            Files.move(archive, FILE, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
