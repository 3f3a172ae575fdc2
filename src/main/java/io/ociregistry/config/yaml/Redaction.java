package io.ociregistry.config.yaml;

import java.util.regex.Pattern;

/** Removes likely secrets from text of the configuration file before a message quotes it. */
public final class Redaction {
    private static final Pattern USER = Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", Pattern.DOTALL);
    private static final Pattern QUERY = Pattern.compile("(://[^?]*[?]).+", Pattern.DOTALL);
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]*");

    private Redaction() {}

    /** Returns a message that quotes a value, with the user and the query of a URL replaced by {@code ***}. */
    static String inMessage(String message, String text) {
        String shown = USER.matcher(text).replaceFirst("$1***@");
        return message.replace(text, QUERY.matcher(shown).replaceFirst("$1***"));
    }

    /** Shortens an unknown key: {@code password:secret} lacks a space, so that YAML reads all of it as a key. */
    static String ofKey(String name) {
        var key = KEY.matcher(name);
        return key.lookingAt() && key.end() < name.length() ? key.group() + "..." : name;
    }

    /** Removes the quoted word from a message of the YAML parser: {@code password: *secret} lacks quotes. */
    public static String ofParserMessage(String message) {
        return message.replaceFirst(
                "(undefined (alias|tag handle)) .*", "$1; put a value with such characters in" + " quotes");
    }
}
