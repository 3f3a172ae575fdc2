package io.ociregistry.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** The recipes in docs/clients.md. */
final class Recipes {
    private static final Pattern TOML = Pattern.compile("^ *```toml\n(.*?)^ *```", Pattern.DOTALL | Pattern.MULTILINE);

    private Recipes() {}

    /** Returns the first TOML block after a heading. */
    static String toml(String heading) throws IOException {
        String page = Files.readString(Path.of("docs/clients.md"));
        var block = TOML.matcher(page);
        if (!block.find(page.indexOf("## " + heading + "\n"))) {
            throw new IllegalArgumentException("no recipe after " + heading);
        }
        return block.group(1).stripIndent();
    }
}
