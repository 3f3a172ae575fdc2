package io.ociregistry.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CommandLinePageTest {
    private static final Path PAGE = Path.of("docs/command-line.md");

    @Test
    void pageHasEveryCommandAndOption() throws IOException {
        String text = CommandLinePage.text();
        if (Boolean.getBoolean("command-line.write")) {
            Files.writeString(PAGE, text);
        }
        assertEquals(
                text,
                Files.exists(PAGE) ? Files.readString(PAGE) : "",
                PAGE + " is out of date; mvn test -Dtest=CommandLinePageTest -Dcommand-line.write=true writes it");
    }
}
