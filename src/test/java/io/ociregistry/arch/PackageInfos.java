package io.ociregistry.arch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the main sources: their files, and the line {@code May import: ...} of each package-info. */
final class PackageInfos {
    static final String BASE = "io.ociregistry";

    private static final List<Path> ROOTS =
            List.of(Path.of("src/main/java"), Path.of("jetty-standalone/src/main/java"));
    private static final Pattern MAY_IMPORT = Pattern.compile("May import:(.*?)\\.\\s*\\*/", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("\\{@code ([a-z.]+)}");

    private PackageInfos() {}

    /** Returns all source files of the main code. */
    static List<Path> mainSources() throws IOException {
        List<Path> sources = new java.util.ArrayList<>();
        for (Path root : ROOTS) {
            try (Stream<Path> files = Files.walk(root)) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }

    /** Returns the name of the package of a source file, without {@link #BASE}. */
    static String packageOf(Path source) {
        for (Path root : ROOTS) {
            if (source.startsWith(root)) {
                return relative(root.relativize(source.getParent()).toString().replace('/', '.'));
            }
        }
        throw new IllegalArgumentException(source + " is not a main source");
    }

    static String relative(String name) {
        return name.equals(BASE) ? "" : name.substring(BASE.length() + 1);
    }

    /** Returns the packages that each package may import, according to its package-info. */
    static Map<String, Set<String>> imports() throws IOException {
        Map<String, Set<String>> imports = new TreeMap<>();
        for (Path source : mainSources()) {
            if (source.endsWith("package-info.java")) {
                imports.put(packageOf(source), mayImport(Files.readString(source), source));
            }
        }
        return imports;
    }

    private static Set<String> mayImport(String text, Path source) {
        Matcher line = MAY_IMPORT.matcher(text);
        if (!line.find()) {
            throw new AssertionError(source + " has no line 'May import: ...'");
        }
        Set<String> names = new TreeSet<>();
        Matcher name = NAME.matcher(line.group(1));
        while (name.find()) {
            names.add(name.group(1));
        }
        return names;
    }
}
