package io.ociregistry.standalone.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Damage to a cache by disks, people or crashes, and the line with which the command reports it. */
enum Damage {
    FLIPPED_BYTE("bad blob .*/blobs/LAYER: its 200000 bytes have the digest sha256:[0-9a-f]{64}") {
        @Override
        void apply(VerifiedCache cache) throws IOException {
            Path blob = cache.blob(cache.arm.layer(0));
            byte[] bytes = Files.readAllBytes(blob);
            bytes[777] ^= 1;
            Files.write(blob, bytes);
        }
    },
    TRUNCATED_BLOB("bad blob .*/blobs/LAYER: its 199999 bytes have the digest sha256:[0-9a-f]{64}") {
        @Override
        void apply(VerifiedCache cache) throws IOException {
            Files.write(cache.blob(cache.arm.layer(0)), Arrays.copyOf(cache.arm.layerBytes(0), 199_999));
        }
    },
    EMPTY_BLOB("bad blob .*/blobs/LAYER: its 0 bytes have the digest sha256:[0-9a-f]{64}") {
        @Override
        void apply(VerifiedCache cache) throws IOException {
            Files.write(cache.blob(cache.arm.layer(0)), new byte[0]);
        }
    },
    MISSING_BLOB("missing blob +sha256:LAYER of r\\.example/team/app@sha256:ARM") {
        @Override
        void apply(VerifiedCache cache) throws IOException {
            Files.delete(cache.blob(cache.arm.layer(0)));
        }
    },
    GARBAGE_RECORD("bad manifest .*/img/ARM: it is not JSON: Unexpected end-of-input.*") {
        @Override
        void apply(VerifiedCache cache) throws IOException {
            Files.writeString(cache.record(cache.arm), "{\"type\":");
        }
    },
    RECORD_UNDER_WRONG_NAME("bad manifest .*/img/ARM: its name should be [0-9a-f]{64}") {
        @Override
        void apply(VerifiedCache cache) throws IOException {
            Files.write(cache.record(cache.arm), Files.readAllBytes(cache.record(cache.tool)));
        }
    };

    private final String line;

    Damage(String line) {
        this.line = line;
    }

    abstract void apply(VerifiedCache cache) throws IOException;

    /** A regular expression for the line that reports the damage. */
    String line(VerifiedCache cache) {
        return line.replace("LAYER", cache.arm.layer(0).hex())
                .replace("ARM", cache.arm.digest().hex());
    }
}
