package io.ociregistry.faults;

import java.util.Locale;

/** A cell of the matrix. */
record Cell(Trouble trouble, Asked asked, State state, Expected expected) {
    /** A name that no other cell has, as a component of a host or of a repository. */
    String name() {
        return (trouble.name() + "-" + asked.name() + "-" + state.name())
                .toLowerCase(Locale.ROOT)
                .replace('_', '-');
    }

    /** The name of its registry. */
    String host() {
        return name() + ".example";
    }

    @Override
    public String toString() {
        return name();
    }
}
