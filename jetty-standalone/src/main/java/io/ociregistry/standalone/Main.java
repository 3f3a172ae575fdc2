package io.ociregistry.standalone;

/** Entry point of the fat jar. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.err.println("not in this build");
    }
}
