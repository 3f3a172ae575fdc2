package io.ociregistry.registry.load.list;

/**
 * A line of an image list that says something.
 *
 * @param source what the list is called
 * @param number its place there, beginning with 1
 * @param text without the space around it
 */
public record ListedLine(String source, int number, String text) {
    /** Where it stands, as compilers write it. */
    public String place() {
        return source + ":" + number;
    }
}
