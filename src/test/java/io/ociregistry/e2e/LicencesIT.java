package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the licence information of the libraries in the WAR and in the jar. See ADR 31. */
@Timeout(60)
@ExtendWith(ShowsLogs.class)
class LicencesIT {
    private static final String LIST = "META-INF/THIRD-PARTY.txt";
    private static final String TEXTS = "META-INF/licences/";
    private static final String IN_BOTH = "In the WAR and in the jar:";
    private static final String IN_THE_JAR = "In the jar only:";

    private final Archive war = new Archive(War.artifact());
    private final Archive jar = new Archive(FatJar.artifact());

    /** A line of the list: the first licence, and whether the line has a copyright. */
    private record Library(String name, String version, String licence, boolean hasCopyright) {
        private static final Pattern LINE = Pattern.compile("  (\\S+) (\\S+) +([^ ;]+)(.*)");

        static Optional<Library> of(String line) {
            return Optional.of(LINE.matcher(line))
                    .filter(Matcher::matches)
                    .map(found -> new Library(
                            found.group(1),
                            found.group(2),
                            found.group(3),
                            found.group(4).contains("; Copyright (c) ")));
        }

        String file() {
            return name + "-" + version + ".jar";
        }

        String texts() {
            return TEXTS + name + "-" + version + "/";
        }

        /**
         * Returns true if the artifact has the library's own text, or the common text of its licence and any required
         * copyright.
         */
        boolean hasText(Set<String> entries) {
            boolean own = entries.stream().anyMatch(entry -> entry.startsWith(texts() + "LICENSE"));
            boolean needsCopyright = licence.equals("MIT") || licence.startsWith("BSD");
            boolean ofAll = entries.contains(TEXTS + licence + ".txt") || entries.contains(TEXTS + licence + ".md");
            return own || (ofAll && (hasCopyright || !needsCopyright));
        }
    }

    @Test
    void everyLibraryIsListed() throws IOException {
        assertEquals(war.text(LIST), jar.text(LIST));
        // The WAR contains the library for tar unpacked, without its other classes.
        assertEquals(
                Stream.concat(
                                war.entries().stream().filter(entry -> entry.matches("WEB-INF/lib/.*\\.jar")),
                                classPath().map(Path::toString).filter(file -> file.contains("commons-compress-")))
                        .map(file -> file.substring(file.lastIndexOf('/') + 1))
                        .collect(Collectors.toCollection(TreeSet::new)),
                files(listed(IN_BOTH, IN_THE_JAR)));
        // The jar contains the unpacked libraries, which are also on the class path of the tests.
        assertEquals(
                classPath()
                        .map(library -> library.getFileName().toString())
                        .filter(file -> file.matches("(jetty-|jakarta\\.|commons-cli-|jline-|progressbar-).*\\.jar"))
                        .collect(Collectors.toCollection(TreeSet::new)),
                files(listed(IN_THE_JAR, "")));
    }

    @Test
    void everyLicenceHasText() throws IOException {
        assertEquals(List.of(), lacking(war, listed(IN_BOTH, IN_THE_JAR)));
        assertEquals(List.of(), lacking(jar, listed(IN_BOTH, IN_THE_JAR)));
        assertEquals(List.of(), lacking(jar, listed(IN_THE_JAR, "")));
    }

    @ParameterizedTest
    @CsvSource({
        "Apache-2.0.txt, 'Apache License Version 2.0'",
        "EPL-2.0.md, 'Eclipse Public License - v 2.0'",
        "MIT.txt, 'Permission is hereby granted, free of charge'",
        "BSD-3-Clause.txt, 'Redistributions in binary form must reproduce'"
    })
    void licenceTextMatchesItsFileName(String name, String words) throws IOException {
        for (Archive archive : List.of(war, jar)) {
            String text = archive.text(TEXTS + name).replaceAll("\\s+", " ");
            assertTrue(text.contains(words), text);
        }
    }

    @Test
    void licenceFilesOfLibrariesAreIncluded() throws IOException {
        Map<String, String> said = new TreeMap<>();
        List<Library> libraries = listed(IN_BOTH, "");
        for (Path file : classPath().toList()) {
            Optional<Library> library = libraries.stream()
                    .filter(each -> file.endsWith(each.file()))
                    .findFirst();
            if (library.isPresent()) {
                said.putAll(said(library.get(), new Archive(file)));
            }
        }
        assertTrue(said.size() > 20, said.keySet()::toString);
        for (var each : said.entrySet()) {
            assertEquals(each.getValue(), jar.text(each.getKey()), each.getKey());
        }
    }

    /** Returns the licence texts of a library by their expected names in our artifacts. */
    private static Map<String, String> said(Library library, Archive file) throws IOException {
        Map<String, String> said = new TreeMap<>();
        for (String entry : file.entries()) {
            if (entry.matches("META-INF/[^/]*(LICENSE|NOTICE)[^/]*")) {
                said.put(library.texts() + entry.substring("META-INF/".length()), file.text(entry));
            }
        }
        return said;
    }

    /** Returns the libraries between two lines of the list, or from a line to the end. */
    private List<Library> listed(String first, String end) throws IOException {
        List<Library> listed = war.text(LIST)
                .lines()
                .dropWhile(line -> !line.equals(first))
                .takeWhile(line -> end.isEmpty() || !line.equals(end))
                .map(Library::of)
                .flatMap(Optional::stream)
                .toList();
        assertTrue(listed.size() > 9, listed::toString);
        return listed;
    }

    private static List<Library> lacking(Archive archive, List<Library> libraries) throws IOException {
        Set<String> entries = archive.entries();
        return libraries.stream().filter(library -> !library.hasText(entries)).toList();
    }

    private static Set<String> files(List<Library> libraries) {
        return libraries.stream().map(Library::file).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<Path> classPath() {
        return Pattern.compile(File.pathSeparator)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(Path::of);
    }
}
