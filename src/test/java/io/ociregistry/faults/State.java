package io.ociregistry.faults;

/** What the server has when the fault begins. */
enum State {
    /** Not what is asked for. Of a blob it has the manifest that names it, as clients ask for that first. */
    COLD,
    /** What is asked for; a tag has moved at the upstream since then. */
    CACHED
}
