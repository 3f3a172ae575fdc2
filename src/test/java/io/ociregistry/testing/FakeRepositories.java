package io.ociregistry.testing;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** The content of a {@link FakeUpstream} by repository; a digest of a repository is unknown in other repositories. */
final class FakeRepositories {
    private static final long BOTH_DIGESTS_UP_TO = 64 << 20;

    /** A manifest. */
    record Stored(Content content, MediaType mediaType, Digest digest) {}

    private static final class Repository {
        private final NavigableMap<String, Digest> tags = new ConcurrentSkipListMap<>();
        private final Map<Digest, Stored> manifests = new ConcurrentHashMap<>();
        private final Map<Digest, Content> blobs = new ConcurrentHashMap<>();
        private final Map<Digest, List<String>> referrers = new ConcurrentHashMap<>();
    }

    private final Map<String, Repository> repositories = new ConcurrentHashMap<>();

    Digest putBlob(String name, Content content) {
        Digest digest = content.digest(Digest.Algorithm.SHA256);
        Repository repository = open(name);
        repository.blobs.put(digest, content);
        if (content.size() <= BOTH_DIGESTS_UP_TO) {
            repository.blobs.put(content.digest(Digest.Algorithm.SHA512), content);
        }
        return digest;
    }

    Digest putManifest(String name, MediaType type, byte[] bytes) {
        Repository repository = open(name);
        Content content = Content.of(bytes);
        for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
            Digest digest = Digest.of(algorithm, bytes);
            repository.manifests.put(digest, new Stored(content, type, digest));
        }
        return Digest.of(bytes);
    }

    void tag(String name, String tag, Digest digest) {
        open(name).tags.put(tag, digest);
    }

    void untag(String name, String tag) {
        open(name).tags.remove(tag);
    }

    void refer(String name, Digest subject, String descriptor) {
        open(name).referrers.merge(subject, List.of(descriptor), (before, more) -> {
            List<String> all = new ArrayList<>(before);
            all.addAll(more);
            return List.copyOf(all);
        });
    }

    Optional<Stored> manifest(String name, String reference) {
        Repository repository = repositories.get(name);
        if (repository == null) {
            return Optional.empty();
        }
        Digest tagged = repository.tags.get(reference);
        if (tagged != null) {
            return Optional.ofNullable(repository.manifests.get(tagged));
        }
        return repository.manifests.values().stream()
                .filter(stored -> stored.digest.toString().equals(reference))
                .findFirst();
    }

    Optional<Content> blob(String name, String digest) {
        Repository repository = repositories.get(name);
        return repository == null
                ? Optional.empty()
                : repository.blobs.entrySet().stream()
                        .filter(blob -> blob.getKey().toString().equals(digest))
                        .map(Map.Entry::getValue)
                        .findFirst();
    }

    /** Searches all repositories, as the storage behind a redirect does. */
    Optional<Content> blob(String digest) {
        return repositories.keySet().stream()
                .flatMap(name -> blob(name, digest).stream())
                .findFirst();
    }

    Optional<NavigableMap<String, Digest>> tags(String name) {
        return Optional.ofNullable(repositories.get(name)).map(repository -> repository.tags);
    }

    List<String> referrers(String name, String subject) {
        Repository repository = repositories.get(name);
        return repository == null
                ? List.of()
                : repository.referrers.entrySet().stream()
                        .filter(entry -> entry.getKey().toString().equals(subject))
                        .flatMap(entry -> entry.getValue().stream())
                        .toList();
    }

    private Repository open(String name) {
        return repositories.computeIfAbsent(name, unused -> new Repository());
    }
}
