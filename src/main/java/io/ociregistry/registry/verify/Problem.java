package io.ociregistry.registry.verify;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.QuarantinedRecord;

/** A problem of a cache. Its text is one line with the kind of the problem, the file or digest, and the evidence. */
public sealed interface Problem {
    /** Returns the digest or the file that has the problem. */
    String subject();

    sealed interface ContentProblem extends Problem {
        /** Returns the digest of the content to fetch again. */
        Digest digest();

        @Override
        default String subject() {
            return digest().toString();
        }
    }

    /**
     * A file or directory that exists and can't be read. A repair does not touch it, because its content may be good.
     */
    record Unreadable(String location, String why) implements Problem {
        @Override
        public String subject() {
            return location;
        }

        @Override
        public String toString() {
            return "unreadable    " + location + ": " + why;
        }
    }

    /** A blob whose content does not have the digest in its file name. */
    record CorruptBlob(CorruptFile finding) implements ContentProblem {
        @Override
        public Digest digest() {
            return finding.digest();
        }

        @Override
        public String toString() {
            return "bad blob      " + finding;
        }
    }

    /** A record that can't be parsed, or that has another manifest than its file name says. */
    record CorruptRecord(CorruptFile finding) implements ContentProblem {
        @Override
        public Digest digest() {
            return finding.digest();
        }

        @Override
        public String toString() {
            return "bad manifest  " + finding;
        }
    }

    /** A manifest whose corrupt record was quarantined and that was not fetched again since. */
    record LostManifest(QuarantinedRecord record) implements ContentProblem {
        @Override
        public Digest digest() {
            return record.digest();
        }

        @Override
        public String toString() {
            return "lost manifest " + record;
        }
    }

    /** A blob that a cached image needs and that is not cached. */
    record MissingBlob(ImageReference image, Digest digest) implements ContentProblem {
        @Override
        public String toString() {
            return "missing blob  " + digest + " of " + image;
        }
    }
}
