package io.ociregistry.conf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the launcher with scripts in place of Java, Maven and {@code id}. */
class LauncherTest {
    private static final String FLAGS = "-Xmx256m -XX:+UseSerialGC -XX:MaxDirectMemorySize=128m"
            + " -Djdk.nio.maxCachedBufferSize=262144 -XX:+ExitOnOutOfMemoryError";

    @TempDir
    Path dir;

    private final Map<String, String> variables = new HashMap<>();
    private Path place;
    private Path programs;

    @BeforeEach
    void installLauncher() throws IOException {
        place = Files.createDirectories(dir.resolve("place"));
        programs = Files.createDirectories(dir.resolve("programs"));
        Files.copy(Path.of("ociregistry"), place.resolve("ociregistry"), StandardCopyOption.COPY_ATTRIBUTES);
        javaHome("jdk", "21.0.1");
        user(0);
        memory(8192);
    }

    private void memory(int megabytes) throws IOException {
        script(programs.resolve("getconf"), "[ $1 = PAGESIZE ] && echo 4096 || echo " + megabytes * 256);
    }

    private void javaHome(String name, String version) throws IOException {
        Path bin = Files.createDirectories(dir.resolve(name).resolve("bin"));
        script(bin.resolve("java"), "echo " + name + " \"$@\"");
        script(bin.resolve("javac"), "exit 0");
        Files.writeString(dir.resolve(name).resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    }

    private void user(int id) throws IOException {
        script(programs.resolve("id"), "echo " + id);
    }

    private static void script(Path file, String command) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + command + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    private record Result(int status, String out, String err) {}

    private Result run(String javaHome, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(place.resolve("ociregistry").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", dir.resolve(javaHome).toString());
        builder.environment().put("PATH", programs + ":" + System.getenv("PATH"));
        List.of("XDG_CACHE_HOME", "OCIREGISTRY_CONFIG", "OCIREGISTRY_JAR", "OCIREGISTRY_JAVA_OPTS", "CACHE_DIRECTORY")
                .forEach(builder.environment()::remove);
        builder.environment().put("HOME", "/proc/nobody");
        builder.environment().putAll(variables);
        builder.redirectError(dir.resolve("err").toFile());
        var process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), out, Files.readString(dir.resolve("err")));
    }

    private Path jarBeside() throws IOException {
        return Files.writeString(place.resolve("ociregistry.jar"), "");
    }

    @Test
    void installedLauncherRunsTheJarBesideIt() throws Exception {
        Path jar = jarBeside();
        var result = run("jdk", "serve", "--default-ns", "a b");
        assertEquals("jdk " + FLAGS + " -jar " + jar + " serve --default-ns a b\n", result.out());
        assertEquals("", result.err());
    }

    @ParameterizedTest
    @CsvSource({"128, 64", "512, 128", "1024, 256", "4096, 256"})
    void heapFitsTheMemoryOfTheMachine(int machine, int heap) throws Exception {
        jarBeside();
        memory(machine);
        assertTrue(run("jdk", "version").out().startsWith("jdk -Xmx" + heap + "m "));
    }

    /** A java that makes the archive that its options name, unless it fails. */
    private Path trainedJava(String end) throws IOException {
        jarBeside();
        Path calls = dir.resolve("calls");
        script(dir.resolve("jdk/bin/java"), """
            echo "$@" >> %s
            for option in "$@"; do
              case $option in -XX:ArchiveClassesAtExit=*) echo classes > "${option#*=}"; %s ;; esac
            done
            """.formatted(calls, end));
        variables.put("CACHE_DIRECTORY", dir.resolve("a cache").toString());
        return calls;
    }

    private List<Path> archives() throws IOException {
        try (var files = Files.list(dir.resolve("a cache"))) {
            return files.toList();
        }
    }

    @Test
    void firstServeMakesArchiveForAllCommands() throws Exception {
        Path calls = trainedJava("exit 0");
        run("jdk", "version");
        assertFalse(Files.exists(dir.resolve("a cache")));

        run("jdk", "serve");
        List<Path> archives = archives();
        assertEquals(1, archives.size(), archives::toString);
        run("jdk", "list");
        List<String> all = Files.readAllLines(calls);
        assertEquals(4, all.size(), all::toString);
        // The training runs beside the server.
        assertEquals(
                1,
                all.subList(1, 3).stream()
                        .filter(call -> call.endsWith(" serve"))
                        .count());
        assertEquals(
                1,
                all.subList(1, 3).stream()
                        .filter(call -> call.contains(".Training "))
                        .count());
        run("jdk", "serve");
        all = Files.readAllLines(calls);
        String use = FLAGS + " -XX:SharedArchiveFile=" + archives.get(0) + " ";
        assertTrue(all.get(3).startsWith(use) && all.get(3).endsWith(" list"), all.get(3));
        assertTrue(all.get(4).startsWith(use) && all.get(4).endsWith(" serve"), all.get(4));
        assertEquals("classes\n", Files.readString(archives.get(0)));
    }

    @Test
    void optionOfTheUserPreventsArchive() throws Exception {
        trainedJava("exit 0");
        variables.put("OCIREGISTRY_JAVA_OPTS", "-Xmx1g -Xshare:off");
        run("jdk", "serve");
        assertFalse(Files.exists(dir.resolve("a cache")));
    }

    @Test
    void otherJarGetsOtherArchive() throws Exception {
        trainedJava("exit 0");
        run("jdk", "serve");
        List<Path> first = archives();
        Files.writeString(jarBeside(), "another");
        run("jdk", "serve");
        assertEquals(1, archives().size());
        assertNotEquals(first, archives());
    }

    @Test
    void failedArchiveIsReportedOnceAndNotUsed() throws Exception {
        Path calls = trainedJava("echo no room; exit 1");
        var first = run("jdk", "serve");
        assertEquals(0, first.status());
        assertTrue(first.err().contains("could not be made, so starts stay slower: no room"), first.err());
        assertEquals("", run("jdk", "serve").err());
        List<String> all = Files.readAllLines(calls);
        assertEquals(3, all.size(), all::toString);
        assertTrue(all.stream().noneMatch(call -> call.contains("SharedArchiveFile")), all::toString);
    }

    @Test
    void linkToLauncherFindsTheJar() throws Exception {
        Path jar = jarBeside();
        Path link = Files.createSymbolicLink(programs.resolve("ociregistry"), place.resolve("ociregistry"));
        place = link.getParent();
        assertTrue(run("jdk", "version").out().contains("-jar " + jar + " version"));
    }

    @Test
    void olderJavaIsPassedOver() throws Exception {
        jarBeside();
        javaHome("old", "11.0.2");
        assertFalse(run("old", "version").out().startsWith("old"));
    }

    @Test
    void missingJarIsNamed() throws Exception {
        assumeFalse(Files.exists(Path.of("/usr/share/ociregistry/ociregistry.jar")));
        var result = run("jdk", "version");
        assertEquals(1, result.status());
        assertTrue(result.err().contains("there is no /usr/share/ociregistry/ociregistry.jar"), result.err());
    }

    @Test
    void userWithoutRightsGetsOwnCacheAndIsToldWhich() throws Exception {
        assumeFalse(Files.exists(Path.of("/var/lib/ociregistry")) || Files.exists(Path.of("/etc/ociregistry")));
        jarBeside();
        user(1000);
        String own = "/proc/nobody/.cache/ociregistry/images";
        var result = run("jdk", "serve");
        assertTrue(result.out().endsWith(" serve --image-path " + own + "\n"), result.out());
        assertTrue(result.err().contains("the cache is " + own), result.err());
        for (String option : List.of("--image-path=/x", "--config-file=/x")) {
            assertTrue(run("jdk", option, "serve").out().endsWith(option + " serve\n"));
        }
        assertTrue(run("jdk", "version").out().endsWith(" version\n"));
    }

    @Test
    void checkoutIsBuiltIfJarIsMissingOrOlderThanSources() throws Exception {
        Files.writeString(place.resolve("pom.xml"), "");
        Path source = Files.writeString(
                Files.createDirectories(place.resolve("src/main")).resolve("A.java"), "");
        Path calls = dir.resolve("calls");
        script(
                programs.resolve("mvn"),
                "echo \"$JAVA_HOME\" \"$@\" >> " + calls + "; mkdir -p target; touch target/ociregistry.jar");
        var result = run("jdk", "version");
        assertTrue(result.out().endsWith("-jar " + place + "/target/ociregistry.jar version\n"), result.out());
        List<String> first = Files.readAllLines(calls);
        assertEquals(1, first.size());
        assertTrue(first.get(0).startsWith(dir.resolve("jdk") + " "), first::toString);
        assertTrue(first.get(0).endsWith(" package"), first::toString);

        run("jdk", "version");
        assertEquals(1, Files.readAllLines(calls).size());

        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
        run("jdk", "version");
        assertEquals(2, Files.readAllLines(calls).size());
    }

    @Test
    void failedBuildEndsTheLauncher() throws Exception {
        Files.writeString(place.resolve("pom.xml"), "");
        script(programs.resolve("mvn"), "exit 3");
        var result = run("jdk", "serve");
        assertFalse(result.status() == 0);
        assertEquals("", result.out());
    }
}
