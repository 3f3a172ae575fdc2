package io.ociregistry.registry.load.list;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses an image list: one name per line.
 *
 * <p>Empty lines, lines that start with {@code #}, and space around a name are ignored. Lines end with LF, CR or CRLF.
 * The encoding is UTF-8, or UTF-16 if the file starts with a byte order mark, as files of Windows do.
 */
public final class ImageList {
    private static final String COMMENT = "#";
    private static final String BYTE_ORDER_MARK = "\ufeff";
    private static final int MAX_BYTES = 16 << 20;

    private ImageList() {}

    /**
     * Reads a list from a file.
     *
     * @throws IOException if the file can't be read, or is larger than {@value #MAX_BYTES} bytes
     */
    static List<ListedLine> read(ImageFile file) throws IOException {
        if (Files.size(file.path()) > MAX_BYTES) {
            throw new IOException(
                    file.name() + " is larger than the " + MAX_BYTES + " bytes that a list of images may have");
        }
        return read(file.name(), Files.readAllBytes(file.path()));
    }

    /** Parses a list; the source is its name in errors. */
    public static List<ListedLine> read(String source, byte[] content) {
        String text = new String(content, charset(content));
        List<ListedLine> found = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\r\n|\r|\n", -1)) {
            number++;
            String stripped = (number == 1 && line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line).strip();
            if (!stripped.isEmpty() && !stripped.startsWith(COMMENT)) {
                found.add(new ListedLine(source, number, stripped));
            }
        }
        return List.copyOf(found);
    }

    /** True if a file that starts with these bytes can be a list. */
    static boolean isText(byte[] head) {
        if (!charset(head).equals(StandardCharsets.UTF_8)) {
            return true;
        }
        for (byte each : head) {
            if (each == 0) {
                return false;
            }
        }
        return true;
    }

    private static Charset charset(byte[] content) {
        int first = content.length < 2 ? 0 : ((content[0] & 0xff) << 8) | (content[1] & 0xff);
        return switch (first) {
            case 0xfffe -> StandardCharsets.UTF_16LE;
            case 0xfeff -> StandardCharsets.UTF_16BE;
            default -> StandardCharsets.UTF_8;
        };
    }
}
