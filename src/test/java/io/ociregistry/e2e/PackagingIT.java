package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the contents of the WAR and of the jar. */
@Timeout(60)
@ExtendWith(ShowsLogs.class)
class PackagingIT {
    @Test
    void warContainsNoServletContainerClasses() throws IOException {
        var intruders = new Archive(War.artifact())
                .entries().stream()
                        .filter(entry -> entry.matches(".*(jetty|servlet-api|jakarta/servlet|jakarta\\.servlet).*"
                                + "|.*(commons-cli|jline|progressbar).*"))
                        .toList();

        assertEquals(List.of(), intruders);
    }

    @Test
    void warHasNoCommandLine() throws IOException {
        var entries = new Archive(War.artifact()).entries();

        assertEquals(
                List.of(),
                entries.stream().filter(entry -> entry.contains("/standalone/")).toList());
        assertTrue(entries.contains("WEB-INF/classes/io/ociregistry/web/RegistryContextListener.class"));
        assertTrue(entries.contains("WEB-INF/web.xml"));
    }

    @Test
    void jarContainsAllDependencies() throws IOException {
        var entries = new Archive(FatJar.artifact()).entries();

        assertTrue(entries.contains("io/ociregistry/standalone/Main.class"));
        assertTrue(entries.contains("org/eclipse/jetty/server/Server.class"));
        assertTrue(entries.contains("jakarta/servlet/Servlet.class"));
        assertTrue(entries.contains("org/apache/commons/cli/Option.class"));
    }

    @Test
    void jarContainsNoTestsAndNoForeignSignatures() throws IOException {
        var intruders = new Archive(FatJar.artifact())
                .entries().stream()
                        .filter(entry -> entry.matches(
                                "META-INF/[^/]*\\.(SF|DSA|RSA)|org/junit/.*|io/ociregistry/(e2e|testing)/.*"))
                        .toList();

        assertEquals(List.of(), intruders);
    }

    @ParameterizedTest
    @CsvSource({"jar, 16", "war, 11"})
    void artifactsAreSmall(String artifact, long megabytes) throws IOException {
        Path file = artifact.equals("war") ? War.artifact() : FatJar.artifact();
        long size = Files.size(file);
        Measured.by(PackagingIT.class, "%s: %d bytes", file.getFileName(), size);
        assertTrue(size <= megabytes * 1_000_000, file + " has " + size + " bytes");
    }

    @Test
    void jarPrintsItsVersion() {
        var printed = Program.run(
                "version", List.of(Java.executable(), "-jar", FatJar.artifact().toString(), "version"));

        assertTrue(printed.matches("(?s).*\\d+\\.\\d+\\.\\d+.*"), printed);
    }
}
