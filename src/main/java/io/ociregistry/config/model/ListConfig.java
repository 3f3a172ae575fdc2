package io.ociregistry.config.model;

import java.util.Optional;

/** The output format of the command {@code list}. */
public record ListConfig(boolean header, Optional<String> expr, boolean shortDigest) {
    public static final ListConfig DEFAULT = new ListConfig(false, Optional.empty(), false);
}
