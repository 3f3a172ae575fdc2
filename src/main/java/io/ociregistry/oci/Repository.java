package io.ociregistry.oci;

import java.util.regex.Pattern;

/**
 * A repository of a registry. What is cached is kept apart by it: the same name at two registries is two repositories.
 *
 * @param name the {@code <name>} of the distribution specification, any number of components, 255 characters at most
 */
public record Repository(RegistryName registry, String name) {
    private static final int MAX_LENGTH = 255;
    private static final String OFFICIAL = "library/";
    private static final String COMPONENT = "[a-z0-9]++(?:(?:\\.|__?+|-++)[a-z0-9]++)*+";
    private static final Pattern GRAMMAR = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*+");

    public Repository {
        if (!isName(name)) {
            throw new RegistryException(
                    ErrorCode.NAME_UNKNOWN,
                    Text.quoted(name)
                            + " can't be a repository: expected lower-case letters and digits, separated by '.', '_', '__', '-' or '/',"
                            + " 255 characters at most");
        }
    }

    /** The repository that people mean: all names of Docker Hub are one registry, whose names of one component are in {@code library/}. */
    public Repository canonical() {
        RegistryName one = registry.canonical();
        boolean official = one.equals(RegistryName.DOCKER_HUB) && name.indexOf('/') < 0;
        return new Repository(one, official ? OFFICIAL + name : name);
    }

    /** True if that can name a repository. */
    public static boolean isName(String text) {
        return text.length() <= MAX_LENGTH && GRAMMAR.matcher(text).matches();
    }

    @Override
    public String toString() {
        return registry + "/" + name;
    }
}
