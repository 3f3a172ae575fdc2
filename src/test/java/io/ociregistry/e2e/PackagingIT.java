package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
                .filter(entry -> entry.matches(".*(jetty|servlet-api|jakarta/servlet|jakarta\\.servlet|commons-cli).*"))
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
    void theJarNamesTheLicenceOfEveryLibraryOfTheWar() throws IOException {
        String listed;
        try (var jar = new ZipFile(FatJar.artifact().toFile())) {
            listed = new String(
                    jar.getInputStream(jar.getEntry("META-INF/THIRD-PARTY.txt")).readAllBytes(),
                    StandardCharsets.UTF_8);
        }
        var missing = entries(War.artifact()).stream()
                .filter(entry -> entry.matches("WEB-INF/lib/.*\\.jar"))
                .map(entry -> entry.replaceAll("WEB-INF/lib/(.*)-([0-9].*)\\.jar", "$1 $2"))
                .filter(library -> listed.lines().noneMatch(line -> line.matches(Pattern.quote(library) + " +\\S.*")))
                .toList();

        assertEquals(List.of(), missing);
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

    private static Set<String> entries(Path archive) throws IOException {
        try (var zip = new ZipFile(archive.toFile())) {
            return zip.stream().map(ZipEntry::getName).collect(Collectors.toSet());
        }
    }
}
