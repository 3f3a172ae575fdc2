package io.ociregistry.registry;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.Finding;
import io.ociregistry.store.LostRecord;

/** What is wrong with a cache. Its text is one line that says what, where, and how that shows. */
public sealed interface Problem {
    /** What has to be fetched again. */
    Digest digest();

    /** A blob whose file is not what its name says. */
    record BadBlob(Finding finding) implements Problem {
        @Override
        public Digest digest() {
            return finding.digest();
        }

        @Override
        public String toString() {
            return "bad blob      " + finding;
        }
    }

    /** A record of a manifest that is none, or not that of its name. */
    record BadRecord(Finding finding) implements Problem {
        @Override
        public Digest digest() {
            return finding.digest();
        }

        @Override
        public String toString() {
            return "bad manifest  " + finding;
        }
    }

    /** A manifest whose record was bad and was put away, and that did not come again since. */
    record LostManifest(LostRecord lost) implements Problem {
        @Override
        public Digest digest() {
            return lost.digest();
        }

        @Override
        public String toString() {
            return "lost manifest " + lost;
        }
    }

    /** A blob that an image here needs and that is not here. */
    record MissingBlob(ImageReference image, Digest digest) implements Problem {
        @Override
        public String toString() {
            return "missing blob  " + digest + " of " + image;
        }
    }
}
