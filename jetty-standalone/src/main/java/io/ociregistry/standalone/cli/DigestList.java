package io.ociregistry.standalone.cli;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.standalone.jetty.StartException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads the digests of another cache from the output of {@code list --digests}: one digest per line. Empty lines and
 * lines that start with # are ignored. A file without a digest is refused, because it is more often the trace of a
 * failed command than of an empty cache.
 */
public final class DigestList {
    private DigestList() {}

    public static Set<Digest> read(String file) throws StartException {
        Set<Digest> digests = new HashSet<>();
        int number = 0;
        // ISO 8859-1 decodes any byte, so an invalid line is reported with its number and not as a decoding error.
        try (BufferedReader lines = Files.newBufferedReader(Path.of(file), StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                String text = line.strip();
                if (!text.isEmpty() && !text.startsWith("#")) {
                    digests.add(Digest.parse(text));
                }
            }
            if (digests.isEmpty()) {
                throw new StartException(
                        file + " has no digest; the command that wrote it may have failed. To export all"
                                + " content, leave out --exclude-from");
            }
            return digests;
        } catch (RegistryException e) {
            throw new StartException(file + ":" + number + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new StartException("cannot read " + file + ": " + CommandFailure.reason(e), e);
        }
    }
}
