package io.ociregistry.oci;

/** Foreign text in our messages. */
public final class Text {
    private static final int LIMIT = 80;

    private Text() {}

    /** The text in quotes, printable and short, so that hostile input can't forge log lines or flood them. */
    public static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().limit(LIMIT).forEach(c -> out.appendCodePoint(c < 0x20 || c == 0x7f || c > 0x7e ? '?' : c));
        return out.append(text.length() > LIMIT ? "...\"" : "\"").toString();
    }
}
