package io.ociregistry.config;

import io.ociregistry.common.Environment;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.Scalar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Finds the configuration file.
 *
 * <p>The first source that names a file wins: the caller (a command line option, a context parameter), the system
 * property, the environment variable. A named file must exist. If no source names a file, the usual file is used if it
 * exists.
 *
 * @param properties returns the value of a system property, if it is set
 * @param environment returns the value of an environment variable, if it is set
 * @param defaultFile the file to use if no source names one
 */
public record ConfigLocation(
        Function<String, Optional<String>> properties,
        Function<String, Optional<String>> environment,
        Path defaultFile) {
    public static final String PROPERTY = "ociregistry.config";
    public static final String VARIABLE = "OCIREGISTRY_CONFIG";
    private static final Path USUAL = Path.of("/etc/ociregistry/config.yaml");

    /** Uses the properties and the environment of this process, and {@code /etc/ociregistry/config.yaml}. */
    public static ConfigLocation ofThisProcess() {
        return new ConfigLocation(
                name -> Optional.ofNullable(System.getProperty(name)), Environment.ofThisProcess()::get, USUAL);
    }

    /**
     * Finds the file; empty if there is none.
     *
     * @param source the name of {@code given} in messages
     * @param given the file that the caller was given, which takes precedence
     */
    public Optional<Path> find(String source, Optional<String> given) throws ConfigException {
        var named = named(source, given);
        if (named.isEmpty()) {
            return Optional.of(defaultFile).filter(Files::exists);
        }
        var file = path(named.get());
        if (!Files.isRegularFile(file)) {
            throw new ConfigException(
                    named.get().source() + " names " + file + ", which is not a file; correct or remove it");
        }
        return Optional.of(file);
    }

    /** Finds the file and reads it; without a file, the configuration has the defaults. */
    public ConfigLoader.Result load(String source, Optional<String> given, Overrides overrides) throws ConfigException {
        var loader = new ConfigLoader(environment);
        var file = find(source, given);
        return file.isPresent() ? loader.load(file.get(), overrides) : loader.withoutFile(overrides);
    }

    private static Path path(Candidate named) throws ConfigException {
        try {
            return Scalar.path(named.file());
        } catch (IllegalArgumentException e) {
            throw new ConfigException(named.source() + ": " + e.getMessage());
        }
    }

    private record Candidate(String source, String file) {}

    private Optional<Candidate> named(String source, Optional<String> given) throws ConfigException {
        try {
            return candidate(source, given)
                    .or(() -> candidate("the system property " + PROPERTY, properties.apply(PROPERTY)))
                    .or(() -> candidate("the environment variable " + VARIABLE, environment.apply(VARIABLE)));
        } catch (IllegalArgumentException unreadable) {
            throw new ConfigException(String.valueOf(unreadable.getMessage()));
        }
    }

    private static Optional<Candidate> candidate(String source, Optional<String> file) {
        return file.filter(name -> !name.isBlank()).map(name -> new Candidate(source, name));
    }
}
