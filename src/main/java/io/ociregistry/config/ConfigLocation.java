package io.ociregistry.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Finds the configuration file. The first place that names one decides: what the program was told (a command line
 * option, a context parameter), the system property, the environment variable. A named file must be there. When nobody
 * names one, the usual file counts if it exists.
 */
public record ConfigLocation(
        Function<String, Optional<String>> properties, Function<String, Optional<String>> environment, Path usual) {
    public static final String PROPERTY = "ociregistry.config";
    public static final String VARIABLE = "OCIREGISTRY_CONFIG";
    private static final Path USUAL = Path.of("/etc/ociregistry/config.yaml");

    /** This process's. */
    public static ConfigLocation ofThisProcess() {
        return new ConfigLocation(
                name -> Optional.ofNullable(System.getProperty(name)),
                name -> Optional.ofNullable(System.getenv(name)),
                USUAL);
    }

    /** The file, if there is one. What was told comes before everything else; problems name it by what told it. */
    public Optional<Path> find(String toldBy, Optional<String> told) throws ConfigException {
        var named = candidates(toldBy, told).stream()
                .filter(candidate ->
                        candidate.file().filter(name -> !name.isBlank()).isPresent())
                .findFirst();
        if (named.isEmpty()) {
            return Optional.of(usual).filter(Files::exists);
        }
        var file = Path.of(named.get().file().orElseThrow());
        if (!Files.isRegularFile(file)) {
            throw new ConfigException(
                    named.get().by() + " names " + file + ", which is not a file; correct or remove it");
        }
        return Optional.of(file);
    }

    /** Finds the file and reads it. */
    public ConfigLoader.Result load(String toldBy, Optional<String> told, Overrides overrides) throws ConfigException {
        var loader = new ConfigLoader(environment);
        var file = find(toldBy, told);
        return file.isPresent() ? loader.load(file.get(), overrides) : loader.withoutFile(overrides);
    }

    private record Candidate(String by, Optional<String> file) {}

    private List<Candidate> candidates(String toldBy, Optional<String> told) {
        return List.of(
                new Candidate(toldBy, told),
                new Candidate("the system property " + PROPERTY, properties.apply(PROPERTY)),
                new Candidate("the environment variable " + VARIABLE, environment.apply(VARIABLE)));
    }
}
