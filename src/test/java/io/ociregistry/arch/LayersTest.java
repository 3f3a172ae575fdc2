package io.ociregistry.arch;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Checks the directions between packages: {@code standalone > web > registry > {store, upstream} > oci}. Each
 * package-info names the packages that its package may import, and this test compares the code with it.
 */
@AnalyzeClasses(packages = "io.ociregistry", importOptions = DoNotIncludeTests.class)
class LayersTest {
    @ArchTest
    static final ArchRule onlyWebAndStandaloneSeeServlets = only("jakarta.servlet..", "..web..", "..standalone..");

    @ArchTest
    static final ArchRule answersSeeNoServlets = noClasses()
            .that()
            .resideInAPackage("..web.api..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jakarta.servlet..", "org.eclipse.jetty..");

    @ArchTest
    static final ArchRule onlyStandaloneSeesJettyAndTheCommandLine = noClasses()
            .that()
            .resideOutsideOfPackage("..standalone..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.eclipse.jetty..", "org.apache.commons.cli..", "me.tongfei..");

    @ArchTest
    static final ArchRule onlyUpstreamAndTheCommandsSeeTheHttpClient =
            only("org.apache.hc..", "..upstream..", "..standalone.remote..");

    @ArchTest
    static final ArchRule onlyLoggingSeesLogback = only("ch.qos.logback..", "..logging..");

    @ArchTest
    static final ArchRule onlyArchiveSeesTar = only("org.apache.commons.compress..", "..archive..");

    @ArchTest
    static final ArchRule onlyArchiveSeesZstd = only("io.airlift..", "..archive..");

    @ArchTest
    static final ArchRule onlyConfigSeesYaml = only("org.yaml..", "..config..");

    @ArchTest
    static final ArchRule onlyTlsReadsPem = only("nl.altindag.ssl.pem..", "..tls..");

    @ArchTest
    static final ArchRule onlyCommonMakesDaemonThreads = noClasses()
            .that()
            .resideOutsideOfPackage("..common..")
            .should()
            .callMethod(Thread.class, "setDaemon", boolean.class);

    @ArchTest
    static final ArchRule onlyEnvironmentReadsVariables =
            noClasses().should().callMethod(System.class, "getenv", String.class);

    /** Only {@code Layout} creates files, because it gives every new file the owner of the cache. */
    @ArchTest
    static final ArchRule onlyLayoutMakesFilesInTheStore = noClasses()
            .that()
            .resideInAPackage("..store..")
            .and()
            .doNotHaveSimpleName("Layout")
            .should()
            .callMethodWhere(target(owner(type(Files.class)))
                    .and(target(
                            nameMatching("write.*|create(Director|File|Temp).*|newOutputStream|newBufferedWriter"))));

    @ArchTest
    static final ArchRule ociImportsNothing =
            lower("oci", "common", "config", "store", "upstream", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule storeNeverSeesUpstreams = lower("store", "upstream", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule onlyTheStoreFactoryReadsTheConfiguration = noClasses()
            .that()
            .resideInAPackage("..store..")
            .and()
            .resideOutsideOfPackage("..store.factory")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..config..");

    /** A second home of blobs and manifests may replace the disk, so the packages above see interfaces and values. */
    @ArchTest
    static final ArchRule onlyTheFactoryOfTheStoreIsSeenAbove = noClasses()
            .that()
            .resideOutsideOfPackage("..store..")
            .should()
            .dependOnClassesThat(resideInAPackage("io.ociregistry.store..")
                    .and(not(resideInAnyPackage("io.ociregistry.store", "io.ociregistry.store.factory"))));

    @ArchTest
    static final ArchRule interfacesOfTheStoreHaveNoPaths = noClasses()
            .that()
            .resideInAPackage("io.ociregistry.store")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.nio.file..");

    /** A region names a file that exists and was verified. */
    @ArchTest
    static final ArchRule onlyStoredBlobsMakeFileRegions = noClasses()
            .that()
            .resideOutsideOfPackage("..store.blob")
            .should()
            .callConstructor(BlobSource.FileRegion.class, String.class, long.class, long.class);

    @ArchTest
    static final ArchRule upstreamNeverSeesTheStore = lower("upstream", "store", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule registrySeesNoServlets = lower("registry", "web", "standalone");

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            slices().assignedFrom(new EveryPackage()).should().beFreeOfCycles();

    @ArchTest
    static void importsMatchPackageInfos(JavaClasses classes) throws IOException {
        assertEquals(text(PackageInfos.imports()), text(imports(classes)));
    }

    private static Map<String, Set<String>> imports(JavaClasses classes) {
        Map<String, Set<String>> imports = new TreeMap<>();
        for (JavaClass type : classes) {
            String from = PackageInfos.relative(type.getPackageName());
            Set<String> to = imports.computeIfAbsent(from, name -> new TreeSet<>());
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String name = dependency.getTargetClass().getBaseComponentType().getPackageName();
                if (name.startsWith(PackageInfos.BASE)
                        && !PackageInfos.relative(name).equals(from)) {
                    to.add(PackageInfos.relative(name));
                }
            }
        }
        return imports;
    }

    /** Returns one line per package, so that a difference names the package. */
    private static String text(Map<String, Set<String>> imports) {
        StringBuilder text = new StringBuilder();
        imports.forEach((name, imported) ->
                text.append(name).append(" > ").append(imported).append('\n'));
        return text.toString();
    }

    private static ArchRule only(String library, String... packages) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(packages)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library);
    }

    private static ArchRule lower(String layer, String... above) {
        String[] packages = java.util.Arrays.stream(above)
                .map(name -> "io.ociregistry." + name + "..")
                .toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAPackage("io.ociregistry." + layer + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages);
    }

    /** Assigns a slice to each package; a sub-package is separate from its parent. */
    private static final class EveryPackage implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return type.getPackageName().startsWith(PackageInfos.BASE)
                    ? SliceIdentifier.of(type.getPackageName())
                    : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "every package";
        }
    }
}
