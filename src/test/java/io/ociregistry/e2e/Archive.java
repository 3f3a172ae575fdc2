package io.ociregistry.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A WAR or jar, read as a zip file. */
record Archive(Path file) {
    Set<String> entries() throws IOException {
        try (var zip = new ZipFile(file.toFile())) {
            return zip.stream().map(ZipEntry::getName).collect(Collectors.toSet());
        }
    }

    /** Returns the text of an entry; empty if the archive has no such entry. */
    String text(String entry) throws IOException {
        try (var zip = new ZipFile(file.toFile())) {
            var found = zip.getEntry(entry);
            return found == null ? "" : new String(zip.getInputStream(found).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
