package io.ociregistry.web;

import io.ociregistry.config.AdminConfig;
import io.ociregistry.config.Secret;
import io.ociregistry.files.FromFiles;
import io.ociregistry.files.SecretFile;
import io.ociregistry.files.UnusableFileException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tokens that let somebody administer the server. Comparing takes the same time however much of one is right. */
final class AdminTokens {
    private static final Logger LOG = LoggerFactory.getLogger(AdminTokens.class);

    private final Optional<String> token;
    private final Optional<FromFiles<String>> file;

    AdminTokens(AdminConfig config) {
        this.token = config.token().map(Secret::reveal);
        this.file = config.tokenFile()
                .map(path -> new FromFiles<>(
                        List.of(path),
                        () -> SecretFile.read("admin.tokenFile", path, SecretFile::firstLine),
                        System::nanoTime));
    }

    boolean accept(String given) {
        return Stream.concat(token.stream(), file.flatMap(AdminTokens::read).stream())
                .anyMatch(right -> MessageDigest.isEqual(bytes(right), bytes(given)));
    }

    private static Optional<String> read(FromFiles<String> file) {
        try {
            return Optional.of(file.get());
        } catch (UnusableFileException e) {
            LOG.warn("no token is accepted: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
