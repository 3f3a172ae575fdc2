package io.ociregistry.arch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Checks the size of the code against the limits of CONTRIBUTING, and writes {@code target/measures.txt}. */
class MeasuresTest {
    private static final int MAX_PACKAGE_FILES = 20;
    private static final int MAX_PACKAGE_LINES = 2_100;
    private static final int MAX_COLUMNS = 120;
    private static final int MAX_PARAMETERS = 6;

    private static final List<String> REPORT = new ArrayList<>();

    /** A measured size, and the package, file or type that has it. */
    private record Measure(int size, String subject) {
        static final Comparator<Measure> BY_SIZE = Comparator.comparingInt(Measure::size);
    }

    @AfterAll
    static void writeReport() throws IOException {
        Files.createDirectories(Path.of("target"));
        Files.write(Path.of("target/measures.txt"), REPORT);
    }

    @Test
    void packagesStaySmall() throws IOException {
        Map<String, List<Path>> packages = PackageInfos.mainSources().stream()
                .filter(source -> !source.endsWith("package-info.java"))
                .collect(Collectors.groupingBy(PackageInfos::packageOf, TreeMap::new, Collectors.toList()));
        List<Measure> files = new ArrayList<>();
        List<Measure> lines = new ArrayList<>();
        for (Map.Entry<String, List<Path>> entry : packages.entrySet()) {
            files.add(new Measure(entry.getValue().size(), entry.getKey()));
            lines.add(new Measure(lines(entry.getValue()), entry.getKey()));
        }
        report("packages", packages.size());
        report("files of main code", sum(files));
        report("lines of main code", sum(lines));

        check("files of the largest package", files, MAX_PACKAGE_FILES);
        check("lines of the longest package", lines, MAX_PACKAGE_LINES);
    }

    @Test
    void linesStayShort() throws IOException {
        List<Measure> longest = new ArrayList<>();
        for (Path source : allSources()) {
            List<String> lines = Files.readAllLines(source);
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                longest.add(new Measure(line.codePointCount(0, line.length()), source + ":" + (i + 1)));
            }
        }

        check("columns of the longest line", longest, MAX_COLUMNS);
    }

    @Test
    void constructorsTakeFewParameters() {
        List<Measure> constructors = new ArrayList<>();
        for (JavaClass type : new ClassFileImporter()
                .withImportOption(new DoNotIncludeTests())
                .importPackages(PackageInfos.BASE)) {
            if (type.isRecord() || type.isEnum() || type.isAnonymousClass()) {
                continue;
            }
            for (JavaConstructor constructor : type.getConstructors()) {
                boolean isInner = type.isInnerClass() && !type.getModifiers().contains(JavaModifier.STATIC);
                int parameters = constructor.getRawParameterTypes().size() - (isInner ? 1 : 0);
                if (!constructor.getModifiers().contains(JavaModifier.SYNTHETIC)) {
                    constructors.add(new Measure(parameters, type.getName()));
                }
            }
        }

        check("parameters of the longest constructor", constructors, MAX_PARAMETERS);
    }

    private static List<Path> allSources() throws IOException {
        List<Path> sources = new ArrayList<>(PackageInfos.mainSources());
        try (Stream<Path> tests = Files.walk(Path.of("src/test/java"))) {
            tests.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
        }
        return sources;
    }

    private static int lines(List<Path> sources) throws IOException {
        int lines = 0;
        for (Path source : sources) {
            lines += Files.readAllLines(source).size();
        }
        return lines;
    }

    private static int sum(List<Measure> measures) {
        return measures.stream().mapToInt(Measure::size).sum();
    }

    private static void check(String name, List<Measure> measures, int limit) {
        Measure largest = measures.stream().max(Measure.BY_SIZE).orElseThrow();
        report(name + " (" + largest.subject() + ", limit " + limit + ")", largest.size());
        List<Measure> over =
                measures.stream().filter(measure -> measure.size() > limit).toList();
        assertEquals(List.of(), over, name);
    }

    private static synchronized void report(String name, int value) {
        assertTrue(value > 0, name);
        REPORT.add(name + ": " + value);
    }
}
