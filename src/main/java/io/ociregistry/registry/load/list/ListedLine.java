package io.ociregistry.registry.load.list;

/**
 * A line of an image list with an image name.
 *
 * @param source the name of the list
 * @param number the line number, starting with 1
 * @param text the line without the space around it
 */
public record ListedLine(String source, int number, String text) {
    /** Returns {@code source:number}, as compilers write it. */
    public String location() {
        return source + ":" + number;
    }
}
