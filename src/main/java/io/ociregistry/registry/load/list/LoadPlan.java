package io.ociregistry.registry.load.list;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What is to be loaded: images by name, from their registries, and files that hold images.
 *
 * @param lines not looked at yet; each may turn out to be no name
 */
public record LoadPlan(List<ListedLine> lines, List<ImageFile> archives) {
    public LoadPlan {
        lines = List.copyOf(lines);
        archives = List.copyOf(archives);
    }

    /** Those of a list. */
    public static LoadPlan of(List<ListedLine> lines) {
        return new LoadPlan(lines, List.of());
    }

    /**
     * What the files say that {@code --image-file} means.
     *
     * @throws IOException if one can't be read, is not there, or is nothing that can be loaded; the message says which
     */
    public static LoadPlan of(String files) throws IOException {
        List<ListedLine> lines = new ArrayList<>();
        List<ImageFile> archives = new ArrayList<>();
        for (ImageFile file : ImageFiles.of(files)) {
            if (file.kind() == ImageFile.Kind.LIST) {
                lines.addAll(ImageList.read(file.path()));
            } else {
                archives.add(file);
            }
        }
        return new LoadPlan(lines, archives);
    }
}
