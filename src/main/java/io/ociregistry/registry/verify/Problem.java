package io.ociregistry.registry.verify;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.QuarantinedRecord;
import java.nio.file.Path;

/** What is wrong with a cache. Its text is one line that says what, where, and how that shows. */
public sealed interface Problem {
    /** The digest or the file that it is about. */
    String subject();

    /** Content that is bad or missing. */
    sealed interface OfContent extends Problem {
        /** What has to be fetched again. */
        Digest digest();

        @Override
        default String subject() {
            return digest().toString();
        }
    }

    /** A file or directory that is there and can't be read. Its content may well be right, so it is left alone. */
    record Unreadable(Path file, String why) implements Problem {
        @Override
        public String subject() {
            return file.toString();
        }

        @Override
        public String toString() {
            return "unreadable    " + file + ": " + why;
        }
    }

    /** A blob whose file is not what its name says. */
    record BadBlob(CorruptFile finding) implements OfContent {
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
    record BadRecord(CorruptFile finding) implements OfContent {
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
    record LostManifest(QuarantinedRecord lost) implements OfContent {
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
    record MissingBlob(ImageReference image, Digest digest) implements OfContent {
        @Override
        public String toString() {
            return "missing blob  " + digest + " of " + image;
        }
    }
}
