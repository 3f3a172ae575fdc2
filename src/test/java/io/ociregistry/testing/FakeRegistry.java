package io.ociregistry.testing;

import io.ociregistry.oci.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The responses of a correct registry. */
final class FakeRegistry {
    private final FakeRepositories repositories;
    private volatile int longestPage = Integer.MAX_VALUE;
    private volatile boolean tokens;

    FakeRegistry(FakeRepositories repositories) {
        this.repositories = repositories;
    }

    /** Limits the pages of lists to this number of entries. */
    void pagesOf(int entries) {
        longestPage = entries;
    }

    /**
     * Returns tags in pages of this size, whatever size the client requests, with an opaque token as the only link to
     * the next page.
     */
    void pagesByToken(int entries) {
        longestPage = entries;
        tokens = true;
    }

    Answer answer(Recorded request) {
        return switch (request.kind()) {
            case PING ->
                Answer.of(200, "application/json", Content.of("{}"))
                        .with("Docker-Distribution-Api-Version", "registry/2.0");
            case MANIFEST -> manifest(request);
            case BLOB -> blob(request);
            case TAGS -> tags(request);
            case REFERRERS -> referrers(request);
            default -> Answer.error(404, "UNSUPPORTED", "no such path");
        };
    }

    private Answer manifest(Recorded request) {
        Optional<FakeRepositories.Stored> found = repositories.manifest(request.repository(), request.reference());
        return found.map(manifest -> Answer.of(200, manifest.mediaType().value(), manifest.content())
                        .with("Docker-Content-Digest", manifest.digest().toString())
                        .with("ETag", "\"" + manifest.digest() + "\""))
                .orElseGet(() -> Answer.error(404, "MANIFEST_UNKNOWN", "manifest unknown"));
    }

    private Answer blob(Recorded request) {
        Optional<Content> found = request.repository().isEmpty()
                ? repositories.blob(request.reference())
                : repositories.blob(request.repository(), request.reference());
        if (found.isEmpty()) {
            return Answer.error(404, "BLOB_UNKNOWN", "blob unknown");
        }
        Answer answer = Answer.of(200, "application/octet-stream", found.get())
                .with("Docker-Content-Digest", request.reference())
                .with("ETag", "\"" + request.reference() + "\"")
                .with("Accept-Ranges", "bytes");
        answer.ranged = true;
        return answer;
    }

    private Answer tags(Recorded request) {
        String name = request.repository();
        Map<String, String> parameters = Query.parse(request.query());
        var known = repositories.tags(name);
        if (known.isEmpty()) {
            return Answer.error(404, "NAME_UNKNOWN", "repository unknown");
        }
        String token = parameters.getOrDefault("token", "");
        String last = tokens ? token : parameters.getOrDefault("last", "");
        int wanted = tokens ? longestPage : Integer.parseInt(parameters.getOrDefault("n", "" + Integer.MAX_VALUE));
        int n = Math.min(wanted, longestPage);
        List<String> page =
                known.get().tailMap(last, false).keySet().stream().limit(n).toList();
        String quoted = page.isEmpty() ? "" : "\"" + String.join("\",\"", page) + "\"";
        Answer answer =
                Answer.of(200, "application/json", Content.of("{\"name\":\"" + name + "\",\"tags\":[" + quoted + "]}"));
        if (n > 0 && !page.isEmpty() && known.get().higherKey(page.get(page.size() - 1)) != null) {
            String after = page.get(page.size() - 1);
            String next = "/v2/" + name + "/tags/list?" + (tokens ? "token=" : "n=" + n + "&last=") + after;
            answer.with("Link", "<" + next + ">; rel=\"next\"");
        }
        return answer;
    }

    private Answer referrers(Recorded request) {
        List<String> all = repositories.referrers(request.repository(), request.reference());
        int page = Integer.parseInt(Query.parse(request.query()).getOrDefault("page", "0"));
        int from = (int) Math.min((long) page * longestPage, all.size());
        int to = (int) Math.min((long) from + longestPage, all.size());
        String index = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":["
                + String.join(",", all.subList(from, to)) + "]}";
        Answer answer = Answer.of(200, MediaType.OCI_INDEX.value(), Content.of(index.getBytes(StandardCharsets.UTF_8)));
        return to == all.size()
                ? answer
                : answer.with("Link", "<" + request.path() + "?page=" + (page + 1) + ">; rel=\"next\"");
    }
}
