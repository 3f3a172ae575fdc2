package io.ociregistry.config.yaml;

import java.util.regex.Pattern;

/** What somebody wrote, as messages may repeat it: without what is a secret in the places where people put one. */
public final class Quoted {
    private static final Pattern USER = Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", Pattern.DOTALL);
    private static final Pattern QUERY = Pattern.compile("(://[^?]*[?]).+", Pattern.DOTALL);
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]*");

    private Quoted() {}

    /** A message with the text of a value in it: users and queries of URLs are left out. */
    static String in(String message, String text) {
        String shown = USER.matcher(text).replaceFirst("$1***@");
        return message.replace(text, QUERY.matcher(shown).replaceFirst("$1***"));
    }

    /** A key that is none of ours: {@code password:secret} lacks a space, and is one key to YAML. */
    static String key(String name) {
        var key = KEY.matcher(name);
        return key.lookingAt() && key.end() < name.length() ? key.group() + "..." : name;
    }

    /** What a YAML parser says, without the word that it repeats: {@code password: *secret} lacks quotes. */
    public static String problem(String parsers) {
        return parsers.replaceFirst("(undefined (alias|tag handle)) .*", "$1; put a value with such signs in quotes");
    }
}
