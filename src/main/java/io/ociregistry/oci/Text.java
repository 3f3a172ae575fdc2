package io.ociregistry.oci;

/** Makes text of clients and upstreams safe for messages and log lines. */
public final class Text {
    private static final int LIMIT = 80;

    private Text() {}

    /** Returns the text with a question mark for each character that is not printable ASCII. */
    public static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> out.append(printable(c)));
        return out.toString();
    }

    private static char printable(int codePoint) {
        return codePoint < ' ' || codePoint > '~' ? '?' : (char) codePoint;
    }

    /**
     * Returns the text in quotes, in printable ASCII and at most 80 characters, so that hostile input cannot forge log
     * lines or flood the log.
     */
    public static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().limit(LIMIT).forEach(c -> out.append(printable(c)));
        return out.append(text.length() > LIMIT ? "...\"" : "\"").toString();
    }
}
