package io.ociregistry.config.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the known word that is most similar to an unknown one. */
public final class Suggestions {
    private Suggestions() {}

    /** The candidate with the smallest edit distance; empty if that exceeds half its length. */
    public static Optional<String> closest(String written, Collection<String> candidates) {
        var word = written.toLowerCase(Locale.ROOT);
        return candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(word, candidate.toLowerCase(Locale.ROOT))))
                .filter(best -> distance(word, best.toLowerCase(Locale.ROOT)) <= best.length() / 2);
    }

    /** The Levenshtein distance, computed row by row. */
    public static int distance(String from, String to) {
        var row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
