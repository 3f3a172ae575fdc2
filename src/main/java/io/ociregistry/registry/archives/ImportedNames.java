package io.ociregistry.registry.archives;

import io.ociregistry.archive.ArchivedImage;
import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Text;
import io.ociregistry.registry.load.ResolveRef;
import io.ociregistry.registry.policy.RegistryNames;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the images of an archive are called here: as it says itself, or {@link ResolveRef} does; and what only refers to another
 * image, as signatures do, by its digest in that one's repositories.
 */
final class ImportedNames {
    private final ImageArchive archive;
    private final RegistryNames registries;
    private final Optional<ResolveRef> resolved;

    /** What is in each repository, by its digest. */
    private final Map<Digest, Set<Repository>> owners = new HashMap<>();

    ImportedNames(ImageArchive archive, RegistryNames registries, Optional<ResolveRef> resolved) {
        this.archive = archive;
        this.registries = registries;
        this.resolved = resolved;
    }

    /** The names of every image, in the archive's order; none if nothing tells. */
    Map<ArchivedImage, Set<ImageReference>> all() {
        Map<ArchivedImage, Set<ImageReference>> names = new LinkedHashMap<>();
        archive.images().forEach(image -> names.put(image, told(image)));
        names.forEach(this::own);
        // What refers to a signature comes after that, in whatever order they are listed.
        boolean found = true;
        while (found) {
            found = false;
            for (var image : names.entrySet()) {
                if (image.getValue().isEmpty()) {
                    image.getValue().addAll(asReferrer(image.getKey()));
                    own(image.getKey(), image.getValue());
                    found |= !image.getValue().isEmpty();
                }
            }
        }
        return names;
    }

    /** What to do about an image that has none. */
    String advice(ArchivedImage image) {
        String called = image.labels().isEmpty()
                ? ""
                : ", only " + image.labels().stream().map(Text::quoted).collect(Collectors.joining(" and "));
        return "it has no complete name in the archive" + called + "; " + remedy(image);
    }

    private String remedy(ArchivedImage image) {
        if (roots() == 1) {
            return "give it one with --resolve-ref registry/repository:tag";
        }
        return ResolveRef.tags(image).isEmpty()
                ? "the archive holds " + roots() + " images, so --resolve-ref can't tell which one it means"
                : "say where all tags are from with --resolve-ref registry/repository";
    }

    private long roots() {
        return archive.images().stream()
                .filter(image -> subject(image).isEmpty())
                .count();
    }

    private Set<ImageReference> told(ArchivedImage image) {
        Set<ImageReference> told = new LinkedHashSet<>();
        for (ImageReference name : image.names()) {
            Repository repository = name.repository();
            told.add(new ImageReference(
                    new Repository(registries.canonical(repository.registry().toString()), repository.name()),
                    name.reference()));
        }
        boolean isOnly = roots() == 1 && subject(image).isEmpty();
        return resolved.map(ref -> ref.names(image, isOnly, told)).orElse(told);
    }

    private Set<ImageReference> asReferrer(ArchivedImage image) {
        Set<ImageReference> names = new LinkedHashSet<>();
        for (Descriptor subject : subject(image)) {
            owners.getOrDefault(subject.digest(), Set.of())
                    .forEach(repository -> names.add(new ImageReference(repository, image.digest())));
        }
        return names;
    }

    private List<Descriptor> subject(ArchivedImage image) {
        return archive.manifest(image.digest()).flatMap(Manifest::subject).stream()
                .toList();
    }

    private void own(ArchivedImage image, Set<ImageReference> names) {
        Deque<Digest> left = new ArrayDeque<>(List.of(image.digest()));
        while (!names.isEmpty() && !left.isEmpty()) {
            Digest digest = left.remove();
            Set<Repository> known = owners.computeIfAbsent(digest, unused -> new LinkedHashSet<>());
            boolean isNews = false;
            for (ImageReference name : names) {
                isNews |= known.add(name.repository());
            }
            if (isNews) {
                archive.manifest(digest)
                        .ifPresent(manifest -> manifest.children().forEach(child -> left.add(child.digest())));
            }
        }
    }
}
