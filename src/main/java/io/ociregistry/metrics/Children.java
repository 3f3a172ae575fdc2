package io.ociregistry.metrics;

import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * The time series of one metric, each looked up by its labels once and then found by an index. Thread-safe; {@link #at}
 * allocates nothing once the series exists.
 */
final class Children<D> {
    private final AtomicReferenceArray<D> known;
    private final IntFunction<D> lookup;

    /** @param lookup finds or creates the series of an index; may be called more than once for an index */
    Children(int size, IntFunction<D> lookup) {
        this.known = new AtomicReferenceArray<>(size);
        this.lookup = lookup;
    }

    D at(int index) {
        D child = known.get(index);
        if (child == null) {
            child = lookup.apply(index);
            known.set(index, child);
        }
        return child;
    }

    /** Creates every series, so that a scrape shows it with the value 0. */
    void createAll() {
        for (int index = 0; index < known.length(); index++) {
            D unused = at(index);
        }
    }

    /** Passes the indexes of the series that exist. */
    void forEachIndex(Consumer<Integer> action) {
        for (int index = 0; index < known.length(); index++) {
            if (known.get(index) != null) {
                action.accept(index);
            }
        }
    }

    /** Returns the value of a label for a constant. */
    static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
