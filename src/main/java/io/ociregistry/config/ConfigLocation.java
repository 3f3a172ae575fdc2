package io.ociregistry.config;

import io.ociregistry.common.Environment;
import io.ociregistry.config.yaml.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
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
                name -> Optional.ofNullable(System.getProperty(name)), Environment.ofThisProcess()::get, USUAL);
    }

    /** The file, if there is one. What was told comes before everything else; problems name it by what told it. */
    public Optional<Path> find(String toldBy, Optional<String> told) throws ConfigException {
        var named = named(toldBy, told);
        if (named.isEmpty()) {
            return Optional.of(usual).filter(Files::exists);
        }
        var file = Path.of(named.get().file());
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

    private record Candidate(String by, String file) {}

    private Optional<Candidate> named(String toldBy, Optional<String> told) throws ConfigException {
        try {
            return candidate(toldBy, told)
                    .or(() -> candidate("the system property " + PROPERTY, properties.apply(PROPERTY)))
                    .or(() -> candidate("the environment variable " + VARIABLE, environment.apply(VARIABLE)));
        } catch (IllegalArgumentException unreadable) {
            throw new ConfigException(String.valueOf(unreadable.getMessage()));
        }
    }

    private static Optional<Candidate> candidate(String by, Optional<String> file) {
        return file.filter(name -> !name.isBlank()).map(name -> new Candidate(by, name));
    }
}
