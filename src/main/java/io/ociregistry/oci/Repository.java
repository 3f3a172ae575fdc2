package io.ociregistry.oci;

import java.util.regex.Pattern;

/**
 * A repository of a registry. The same name at two registries is two repositories, which are cached separately.
 *
 * @param name the {@code <name>} of the distribution specification: any number of components, at most 255 characters
 */
public record Repository(RegistryName registry, String name) {
    private static final int MAX_LENGTH = 255;
    private static final String OFFICIAL = "library/";
    private static final String COMPONENT = "[a-z0-9]++(?:(?:\\.|__?+|-++)[a-z0-9]++)*+";
    private static final Pattern GRAMMAR = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*+");

    public Repository {
        if (!isValidName(name)) {
            throw new RegistryException(
                    ErrorCode.NAME_UNKNOWN,
                    Text.quoted(name)
                            + " is not the name of a repository: expected lower-case letters and digits, separated by"
                            + " '.', '_', '__', '-' or '/', at most 255 characters");
        }
    }

    /** Resolves the names of Docker Hub to {@code docker.io}, and its names of one component to {@code library/}. */
    public Repository canonical() {
        RegistryName canonical = registry.canonical();
        boolean official = canonical.equals(RegistryName.DOCKER_HUB) && name.indexOf('/') < 0;
        return new Repository(canonical, official ? OFFICIAL + name : name);
    }

    public static boolean isValidName(String text) {
        return text.length() <= MAX_LENGTH && GRAMMAR.matcher(text).matches();
    }

    @Override
    public String toString() {
        return registry + "/" + name;
    }
}
