package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is in the two artifacts, looked at from outside. */
@Timeout(60)
@ExtendWith(ShowsLogs.class)
class PackagingIT {
    @Test
    void theWarLeavesToTheServletContainerWhatIsTheServletContainers() throws IOException {
        var intruders = entries(War.artifact()).stream()
                .filter(entry -> entry.matches(
                        ".*(jetty|servlet-api|jakarta/servlet|jakarta\\.servlet|commons-cli|jline|progressbar).*"))
                .toList();

        assertEquals(List.of(), intruders);
    }

    @Test
    void theWarHasNoCommandLine() throws IOException {
        var entries = entries(War.artifact());

        assertEquals(
                List.of(),
                entries.stream().filter(entry -> entry.contains("/standalone/")).toList());
        assertTrue(entries.contains("WEB-INF/classes/io/ociregistry/web/RegistryContextListener.class"));
        assertTrue(entries.contains("WEB-INF/web.xml"));
    }

    @Test
    void theJarHasEverythingItNeeds() throws IOException {
        var entries = entries(FatJar.artifact());

        assertTrue(entries.contains("io/ociregistry/standalone/Main.class"));
        assertTrue(entries.contains("org/eclipse/jetty/server/Server.class"));
        assertTrue(entries.contains("jakarta/servlet/Servlet.class"));
        assertTrue(entries.contains("org/apache/commons/cli/Option.class"));
    }

    @Test
    void bothNameTheLicenceOfEveryLibraryInThem() throws IOException {
        var listed = thirdParties(War.artifact());
        var libraries = entries(War.artifact()).stream()
                .filter(entry -> entry.matches("WEB-INF/lib/.*\\.jar"))
                .map(PackagingIT::nameAndVersion)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(libraries, namesAndVersions(between(listed, "In the WAR and in the jar:", "In the jar only:")));

        assertEquals(listed, thirdParties(FatJar.artifact()));
        // The jar is unpacked libraries; those are on the class path of the tests too.
        var ofTheServer = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(path -> Path.of(path).getFileName().toString())
                .filter(file -> file.matches("(jetty-|jakarta\\.|commons-cli-|jline-|progressbar-).*\\.jar"))
                .map(PackagingIT::nameAndVersion)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(ofTheServer, namesAndVersions(between(listed, "In the jar only:", "")));
    }

    @Test
    void theJarHasNoTestsAndNoSignaturesOfOthers() throws IOException {
        var intruders = entries(FatJar.artifact()).stream()
                .filter(entry ->
                        entry.matches("META-INF/[^/]*\\.(SF|DSA|RSA)|org/junit/.*|io/ociregistry/(e2e|testing)/.*"))
                .toList();

        assertEquals(List.of(), intruders);
    }

    @Test
    void theJarTellsItsVersion() {
        var printed = Program.run(
                "version", List.of(Java.executable(), "-jar", FatJar.artifact().toString(), "version"));

        assertTrue(printed.matches("(?s).*\\d+\\.\\d+\\.\\d+.*"), printed);
    }

    private static List<String> thirdParties(Path archive) throws IOException {
        try (var zip = new ZipFile(archive.toFile())) {
            var bytes =
                    zip.getInputStream(zip.getEntry("META-INF/THIRD-PARTY.txt")).readAllBytes();
            return new String(bytes, StandardCharsets.UTF_8).lines().toList();
        }
    }

    private static List<String> between(List<String> lines, String first, String end) {
        return lines.stream()
                .dropWhile(line -> !line.equals(first))
                .skip(1)
                .takeWhile(line -> end.isEmpty() || !line.equals(end))
                .filter(line -> !line.isEmpty())
                .toList();
    }

    /** Of lines that name a licence too. */
    private static Set<String> namesAndVersions(List<String> lines) {
        return lines.stream()
                .map(line -> line.replaceFirst("^  (\\S+ \\S+) +\\S.*$", "$1"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String nameAndVersion(String jar) {
        return jar.replaceFirst("(?:.*/)?(.*?)-([0-9][^-]*)\\.jar", "$1 $2");
    }

    private static Set<String> entries(Path archive) throws IOException {
        try (var zip = new ZipFile(archive.toFile())) {
            return zip.stream().map(ZipEntry::getName).collect(Collectors.toSet());
        }
    }
}
