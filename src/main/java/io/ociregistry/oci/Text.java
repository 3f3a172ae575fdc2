package io.ociregistry.oci;

/** Quotes text of clients and upstreams for messages. */
public final class Text {
    private static final int LIMIT = 80;

    private Text() {}

    /**
     * Returns the text in quotes, in printable ASCII and at most 80 characters, so that hostile input cannot forge log
     * lines or flood the log.
     */
    public static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().limit(LIMIT).forEach(c -> out.appendCodePoint(c < 0x20 || c == 0x7f || c > 0x7e ? '?' : c));
        return out.append(text.length() > LIMIT ? "...\"" : "\"").toString();
    }
}
