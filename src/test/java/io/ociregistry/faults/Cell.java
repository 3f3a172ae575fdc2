package io.ociregistry.faults;

import java.util.Locale;

/** A cell of the matrix. */
record Cell(Trouble trouble, Asked asked, State state, Expected expected) {
    /** The name of its registry, which is that of no other cell. */
    String host() {
        return this + ".example";
    }

    String repository() {
        return "matrix/" + this;
    }

    @Override
    public String toString() {
        return (trouble.name() + "-" + asked.name() + "-" + state.name())
                .toLowerCase(Locale.ROOT)
                .replace('_', '-');
    }
}
