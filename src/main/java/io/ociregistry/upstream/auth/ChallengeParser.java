package io.ociregistry.upstream.auth;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses the list of challenges in one header line.
 *
 * <p>Commas separate both challenges and parameters. So a name is a parameter if {@code =} follows it, and otherwise a
 * new scheme. The parser accepts the mistakes of registries: unquoted values ({@code realm=/}), and missing or double
 * commas.
 */
final class ChallengeParser {
    private static final String SPECIAL_IN_TOKENS = "!#$%&'*+-.^_`|~";

    private final String text;
    private int at;

    ChallengeParser(String text) {
        this.text = text;
    }

    List<AuthChallenge> challenges() {
        List<AuthChallenge.Builder> found = new ArrayList<>();
        while (skipSeparators()) {
            String name = token();
            if (name.isEmpty()) {
                at++; // no name: continue after this character
            } else if (!isParameter()) {
                found.add(new AuthChallenge.Builder(name));
            } else if (found.isEmpty()) {
                value(); // a parameter before the first scheme
            } else {
                found.get(found.size() - 1).add(name, value());
            }
        }
        return found.stream().map(AuthChallenge.Builder::build).toList();
    }

    /** Skips blanks and commas; returns whether any text follows. */
    private boolean skipSeparators() {
        while (at < text.length() && (isBlank(text.charAt(at)) || text.charAt(at) == ',')) {
            at++;
        }
        return at < text.length();
    }

    private String token() {
        int from = at;
        while (at < text.length() && isTokenCharacter(text.charAt(at))) {
            at++;
        }
        return text.substring(from, at);
    }

    /** Returns whether {@code =} follows a name, and skips it. */
    private boolean isParameter() {
        int next = at;
        while (next < text.length() && isBlank(text.charAt(next))) {
            next++;
        }
        if (next == text.length() || text.charAt(next) != '=') {
            return false;
        }
        at = next + 1;
        return true;
    }

    private String value() {
        while (at < text.length() && isBlank(text.charAt(at))) {
            at++;
        }
        return at < text.length() && text.charAt(at) == '"' ? quoted() : bare();
    }

    private String quoted() {
        StringBuilder value = new StringBuilder();
        for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
            if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                at++;
            }
            value.append(text.charAt(at));
        }
        at++;
        return value.toString();
    }

    private String bare() {
        int from = at;
        while (at < text.length() && text.charAt(at) != ',' && !isBlank(text.charAt(at))) {
            at++;
        }
        return text.substring(from, at);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private static boolean isTokenCharacter(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || SPECIAL_IN_TOKENS.indexOf(c) >= 0;
    }
}
