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

/** What another cache has, as {@code list --digests} prints it there: a digest a line; empty lines and those that begin with # say nothing. */
public final class DigestList {
    private DigestList() {}

    public static Set<Digest> read(String file) throws StartException {
        Set<Digest> digests = new HashSet<>();
        int number = 0;
        // A charset that has a character for every byte: what is no digest is told by its line.
        try (BufferedReader lines = Files.newBufferedReader(Path.of(file), StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                String text = line.strip();
                if (!text.isEmpty() && !text.startsWith("#")) {
                    digests.add(Digest.parse(text));
                }
            }
            return digests;
        } catch (RegistryException e) {
            throw new StartException(file + ":" + number + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new StartException("cannot read " + file + ": " + CommandFailure.reason(e), e);
        }
    }
}
