package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.util.Optional;

/** The section {@code listConfig}: the output format of the command {@code list}. */
public record ListConfig(boolean header, Optional<String> expr, boolean shortDigest) {
    private static final Key<Boolean> HEADER = new Key<>("header", Scalar.BOOLEAN, false);
    private static final Key<Optional<String>> EXPR = optional("expr", Scalar.TEXT);
    private static final Key<Boolean> SHORT_DIGEST = new Key<>("shortDigest", Scalar.BOOLEAN, false);
    public static final ObjectType<ListConfig> KEYS = ObjectType.of(ListConfig::new, HEADER, EXPR, SHORT_DIGEST);

    public static final ListConfig DEFAULT = new ListConfig(Values.NONE);

    private ListConfig(Values values) {
        this(values.get(HEADER), values.get(EXPR), values.get(SHORT_DIGEST));
    }
}
