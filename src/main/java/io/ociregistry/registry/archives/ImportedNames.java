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
 * Determines the names of the images of an archive: those in the archive, or those of a {@link ResolveRef}.
 *
 * <p>A referrer without a name, such as a signature, gets its digest as name in the repositories of its subject.
 */
final class ImportedNames {
    private final ImageArchive archive;
    private final RegistryNames registries;
    private final Optional<ResolveRef> resolved;

    /** The repositories of each manifest, by its digest. */
    private final Map<Digest, Set<Repository>> owners = new HashMap<>();

    ImportedNames(ImageArchive archive, RegistryNames registries, Optional<ResolveRef> resolved) {
        this.archive = archive;
        this.registries = registries;
        this.resolved = resolved;
    }

    /** Returns the names of every image, in the order of the archive; an image without a known name has none. */
    Map<ArchivedImage, Set<ImageReference>> resolve() {
        Map<ArchivedImage, Set<ImageReference>> names = new LinkedHashMap<>();
        archive.images().forEach(image -> names.put(image, archivedNames(image)));
        names.forEach(this::addOwners);
        // Repeated, because a referrer may be listed before its subject, which may be a referrer itself.
        boolean found = true;
        while (found) {
            found = false;
            for (var image : names.entrySet()) {
                if (image.getValue().isEmpty()) {
                    image.getValue().addAll(asReferrer(image.getKey()));
                    addOwners(image.getKey(), image.getValue());
                    found |= !image.getValue().isEmpty();
                }
            }
        }
        return names;
    }

    String missingNameError(ArchivedImage image) {
        String labels = image.labels().isEmpty()
                ? ""
                : ", only " + image.labels().stream().map(Text::quoted).collect(Collectors.joining(" and "));
        return "it has no complete name in the archive" + labels + "; " + suggestion(image);
    }

    private String suggestion(ArchivedImage image) {
        if (roots() == 1) {
            return "give it one with --resolve-ref registry/repository:tag";
        }
        return ResolveRef.tags(image).isEmpty()
                ? "the archive holds " + roots() + " images, so a name in --resolve-ref is ambiguous"
                : "give the repository of all tags with --resolve-ref registry/repository";
    }

    private long roots() {
        return archive.images().stream()
                .filter(image -> subject(image).isEmpty())
                .count();
    }

    private Set<ImageReference> archivedNames(ArchivedImage image) {
        Set<ImageReference> archivedNames = new LinkedHashSet<>();
        for (ImageReference name : image.names()) {
            Repository repository = name.repository();
            archivedNames.add(new ImageReference(
                    new Repository(registries.canonical(repository.registry().toString()), repository.name()),
                    name.reference()));
        }
        boolean isOnly = roots() == 1 && subject(image).isEmpty();
        return resolved.map(ref -> ref.names(image, isOnly, archivedNames)).orElse(archivedNames);
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

    private void addOwners(ArchivedImage image, Set<ImageReference> names) {
        Deque<Digest> queue = new ArrayDeque<>(List.of(image.digest()));
        while (!names.isEmpty() && !queue.isEmpty()) {
            Digest digest = queue.remove();
            Set<Repository> known = owners.computeIfAbsent(digest, unused -> new LinkedHashSet<>());
            boolean isNew = false;
            for (ImageReference name : names) {
                isNew |= known.add(name.repository());
            }
            if (isNew) {
                archive.manifest(digest)
                        .ifPresent(manifest -> manifest.children().forEach(child -> queue.add(child.digest())));
            }
        }
    }
}
