package io.ociregistry.store;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.factory.StoreFactory;
import io.ociregistry.store.manifest.format.RecordFormat;
import io.ociregistry.store.manifest.format.RecordType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * A place of a store, which a conformance test opens, closes, and changes behind the back of an open store. A new
 * implementation of the store adds its factory to {@link #factories}.
 */
interface StoreHome {
    /** Makes a home in an empty directory of the test. */
    interface Factory {
        StoreHome in(Path directory) throws IOException;
    }

    static List<Factory> factories() {
        return List.of(Disk::new);
    }

    Store open() throws IOException;

    Store openReadOnly() throws IOException;

    /** Adds or replaces a blob, as another program did two minutes ago. */
    void addBlob(Digest digest, byte[] content) throws IOException;

    /** Deletes a blob, as another program does. */
    void removeBlob(Digest digest) throws IOException;

    /** Adds or replaces a record, as another program did some minutes ago. */
    void addRecord(ManifestRecord record, int minutesAgo) throws IOException;

    /** Replaces the content of a record by a text that is no record, two minutes ago. */
    void damageRecord(ManifestRecord record) throws IOException;

    /** Deletes a record, as another program does. */
    void removeRecord(ManifestRecord record) throws IOException;

    /** The home of a store on disk. */
    final class Disk implements StoreHome {
        private final ServerConfig config;
        private final Layout layout;

        Disk(Path directory) {
            this.config = ServerConfig.defaults().with(ServerKeys.IMAGE_PATH, directory);
            this.layout = new Layout(directory);
        }

        @Override
        public Store open() throws IOException {
            return StoreFactory.open(config, "conformance test");
        }

        @Override
        public Store openReadOnly() throws IOException {
            return StoreFactory.openReadOnly(config);
        }

        @Override
        public void addBlob(Digest digest, byte[] content) throws IOException {
            write(layout.blob(digest), content, 2);
        }

        @Override
        public void removeBlob(Digest digest) throws IOException {
            Files.delete(layout.blob(digest));
        }

        @Override
        public void addRecord(ManifestRecord record, int minutesAgo) throws IOException {
            write(file(record), RecordFormat.write(record), minutesAgo);
        }

        @Override
        public void damageRecord(ManifestRecord record) throws IOException {
            write(file(record), new byte[] {'{', 'x'}, 2);
        }

        @Override
        public void removeRecord(ManifestRecord record) throws IOException {
            Files.delete(file(record));
        }

        private Path file(ManifestRecord record) {
            Path usual = layout.record(
                    RecordType.of(record.manifest().mediaType()).kind,
                    record.manifest().digest());
            return Stream.of(Layout.Kind.values())
                    .map(kind -> layout.record(kind, record.manifest().digest()))
                    .filter(Files::exists)
                    .findFirst()
                    .orElse(usual);
        }

        private static void write(Path file, byte[] content, int minutesAgo) throws IOException {
            Files.write(file, content);
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60L * minutesAgo)));
        }
    }
}
