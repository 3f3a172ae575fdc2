package io.ociregistry.arch;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Files;

/** The lines between the packages: standalone -> web -> registry -> {store, upstream} -> oci, with config, files, tls, access and logging beside them. */
@AnalyzeClasses(packages = "io.ociregistry", importOptions = DoNotIncludeTests.class)
class LayersTest {
    @ArchTest
    static final ArchRule onlyWebAndStandaloneSeeServlets = only("jakarta.servlet..", "..web..", "..standalone..");

    @ArchTest
    static final ArchRule onlyStandaloneSeesJettyAndTheCommandLine = noClasses()
            .that()
            .resideOutsideOfPackage("..standalone..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.eclipse.jetty..", "org.apache.commons.cli..", "me.tongfei..");

    @ArchTest
    static final ArchRule onlyUpstreamAndTheCommandsSeeTheHttpClient =
            only("org.apache.hc..", "..upstream..", "..standalone..");

    @ArchTest
    static final ArchRule onlyLoggingSeesLogback = only("ch.qos.logback..", "..logging..");

    @ArchTest
    static final ArchRule onlyArchiveSeesTar = only("org.apache.commons.compress..", "..archive..");

    @ArchTest
    static final ArchRule onlyArchiveSeesZstd = only("io.airlift..", "..archive..");

    @ArchTest
    static final ArchRule onlyConfigSeesYaml = only("org.yaml..", "..config..");

    @ArchTest
    static final ArchRule ociDependsOnNothingOfOurs =
            lower("oci", "store", "upstream", "registry", "web", "config", "standalone");

    @ArchTest
    static final ArchRule archivesDependOnOciAlone =
            lower("archive", "config", "store", "upstream", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule configDependsOnOciAlone =
            lower("config", "store", "upstream", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule daemonsAreMadeInOnePlace = noClasses()
            .that()
            .resideOutsideOfPackage("..common..")
            .should()
            .callMethod(Thread.class, "setDaemon", boolean.class);

    @ArchTest
    static final ArchRule variablesAreReadInOnePlace =
            noClasses().should().callMethod(System.class, "getenv", String.class);

    @ArchTest
    static final ArchRule tlsKnowsFilesAndSecretsAlone =
            lower("tls", "oci", "store", "upstream", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule accessKnowsNoRequests =
            lower("access", "tls", "store", "upstream", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule onlyTlsReadsPem = only("nl.altindag.ssl.pem..", "..tls..");

    /** Elsewhere nobody would give them to the owner of the cache. */
    @ArchTest
    static final ArchRule onlyTheLayoutMakesFilesInTheStore = noClasses()
            .that()
            .resideInAPackage("..store..")
            .and()
            .doNotHaveSimpleName("Layout")
            .should()
            .callMethodWhere(target(owner(type(Files.class)))
                    .and(target(
                            nameMatching("write.*|create(Director|File|Temp).*|newOutputStream|newBufferedWriter"))));

    @ArchTest
    static final ArchRule storeNeverSeesUpstreams =
            lower("store", "upstream", "registry", "web", "config", "standalone");

    @ArchTest
    static final ArchRule upstreamsNeverSeeTheStore = lower("upstream", "store", "registry", "web", "standalone");

    @ArchTest
    static final ArchRule theRegistryKnowsNoServlets = lower("registry", "web", "standalone");

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            slices().matching("io.ociregistry.(*)..").should().beFreeOfCycles();

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
}
