package io.ociregistry.common;

import java.util.Optional;
import java.util.stream.Stream;

/** Searches the causes of an exception. */
public final class Causes {
    private Causes() {}

    /** Returns the first exception of that type among an exception and its causes. */
    public static <T extends Throwable> Optional<T> find(Throwable failure, Class<T> type) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst();
    }
}
