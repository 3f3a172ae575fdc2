package io.ociregistry.faults;

import java.util.Locale;

/** A cell of the matrix: one failure, one kind of request, one state of the cache, and the expected outcome. */
record Cell(Trouble trouble, RequestTarget target, State state, Expected expected) {
    /** Returns the name of the registry, which is unique to this cell. */
    String host() {
        return this + ".example";
    }

    String repository() {
        return "matrix/" + this;
    }

    @Override
    public String toString() {
        return (trouble.name() + "-" + target.name() + "-" + state.name())
                .toLowerCase(Locale.ROOT)
                .replace('_', '-');
    }
}
