package io.ociregistry.registry.load.list;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The images of a load: names to fetch from their registries, and archives to import.
 *
 * @param lines the lines of all lists, not parsed yet; a line may be malformed
 */
public record LoadPlan(List<ListedLine> lines, List<ImageFile> archives) {
    public LoadPlan {
        lines = List.copyOf(lines);
        archives = List.copyOf(archives);
    }

    public static LoadPlan of(List<ListedLine> lines) {
        return new LoadPlan(lines, List.of());
    }

    /**
     * Reads the files that {@code --image-file} names.
     *
     * @throws IOException if a file does not exist, can't be read, or has no kind that can be loaded; the message names
     *     it
     */
    public static LoadPlan of(String files) throws IOException {
        return of(files, ImageFile::of);
    }

    /**
     * Reads the files that {@code --image-file} names.
     *
     * @param copies copies pipes, and deletes the copies after the load
     * @throws IOException as {@link #of(String)} does
     */
    public static LoadPlan of(String files, PipeCopies copies) throws IOException {
        return of(files, copies::open);
    }

    private static LoadPlan of(String files, ImageFiles.Opener opener) throws IOException {
        List<ListedLine> lines = new ArrayList<>();
        List<ImageFile> archives = new ArrayList<>();
        for (ImageFile file : ImageFiles.of(files, opener)) {
            if (file.kind() == ImageFile.Kind.LIST) {
                lines.addAll(ImageList.read(file));
            } else {
                archives.add(file);
            }
        }
        return new LoadPlan(lines, archives);
    }
}
