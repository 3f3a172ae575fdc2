package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.admin.CacheContents;
import io.ociregistry.registry.admin.CachedBlob;
import io.ociregistry.registry.admin.CachedImage;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Query;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lists the content of the cache. The parameter {@code count} limits the number of entries: 50 if it is absent, no
 * limit if it is -1.
 */
final class AdminLists {
    private static final int DEFAULT_COUNT = 50;
    private static final int SHORT_DIGEST = 10;
    private static final String NONE = "no manifests found\n";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Admin admin;

    AdminLists(Admin admin) {
        this.admin = admin;
    }

    /** Lists images and indexes whose name matches {@code pattern}. */
    CompletionStage<Answer> manifests(HttpServletRequest request) {
        ReferencePatterns patterns = patterns(request);
        return list(request, contents -> contents.images(patterns), images -> text(images, AdminLists::row));
    }

    /** Lists images with their blobs, by {@code pattern}, or by {@code digest}: a part of the digest of a blob. */
    CompletionStage<Answer> images(HttpServletRequest request) {
        ReferencePatterns patterns = patterns(request);
        String part = patterns.isAll()
                ? Query.of(request.getQueryString()).first("digest").orElse("")
                : "";
        return list(
                request,
                contents -> (part.isEmpty() ? contents.images(patterns) : contents.imagesContaining(part))
                        .filter(image -> !image.type().equals(CachedImage.LIST)),
                images -> text(images, AdminLists::rows));
    }

    /** Lists blobs by {@code substr}, a part of the digest. */
    CompletionStage<Answer> blobs(HttpServletRequest request) {
        String part = Query.of(request.getQueryString()).first("substr").orElse("");
        return list(request, contents -> contents.blobs(part), AdminLists::blobText);
    }

    private <T> CompletionStage<Answer> list(
            HttpServletRequest request, Function<CacheContents, Stream<T>> query, Function<List<T>, String> text) {
        long count = count(request);
        AdminResponse form = AdminResponse.of(request);
        return admin.query(contents ->
                        form.bytes(query.apply(contents).limit(count).toList(), text))
                .thenApply(form::answer);
    }

    private static ReferencePatterns patterns(HttpServletRequest request) {
        try {
            return Query.of(request.getQueryString())
                    .first("pattern")
                    .filter(pattern -> !pattern.isEmpty())
                    .map(ReferencePatterns::parse)
                    .orElse(ReferencePatterns.ALL);
        } catch (RegistryException e) {
            throw new RegistryException(e.code(), "invalid parameters: " + e.getMessage(), e);
        }
    }

    private static long count(HttpServletRequest request) {
        Optional<String> given =
                Query.of(request.getQueryString()).first("count").filter(text -> !text.isEmpty());
        String text = given.orElse(String.valueOf(DEFAULT_COUNT));
        if (!text.matches("-1|[0-9]{1,9}")) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "invalid parameters: count must be a number, or -1 for all, and is '" + text + "'");
        }
        return text.equals("-1") ? Long.MAX_VALUE : Long.parseLong(text);
    }

    private static String text(List<CachedImage> images, Function<CachedImage, String> rows) {
        return images.isEmpty()
                ? NONE
                : images.stream().map(rows).collect(Collectors.joining("", "URL DIGEST CREATED PULLED\n", ""));
    }

    private static String row(CachedImage image) {
        return shortened(image.name()) + " " + hex(image.digest()) + "  " + local(image.created()) + " "
                + local(image.pulled()) + "\n";
    }

    private static String rows(CachedImage image) {
        return row(image)
                + image.blobs().stream().map(blob -> "- " + blob + "\n").collect(Collectors.joining());
    }

    private static String blobText(List<CachedBlob> blobs) {
        return blobs.isEmpty()
                ? NONE
                : blobs.stream()
                        .map(blob -> hex(blob.digest()) + " " + blob.references() + "\n")
                        .collect(Collectors.joining("", "URL REFCNT\n", ""));
    }

    /** Cuts the digest in a name to ten characters. */
    private static String shortened(String name) {
        int digest = name.indexOf("@sha256:");
        return digest < 0 ? name : name.substring(0, digest + "@sha256:".length() + SHORT_DIGEST);
    }

    private static String hex(String digest) {
        return digest.substring(digest.indexOf(':') + 1);
    }

    private static String local(@Nullable String utc) {
        return utc == null ? "" : TIME.format(Instant.parse(utc));
    }
}
