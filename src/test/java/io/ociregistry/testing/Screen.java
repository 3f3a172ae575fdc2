package io.ociregistry.testing;

import java.util.ArrayList;
import java.util.List;

/**
 * The screen of a terminal after a program has written to it: carriage returns, line feeds, erased lines, and lines
 * that are longer than the screen is wide. Fails for every other control sequence.
 */
public final class Screen {
    private final int columns;
    private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    private int column;

    private Screen(int columns) {
        this.columns = columns;
    }

    /** Returns the lines of a screen with so many columns. */
    public static List<String> lines(String written, int columns) {
        Screen screen = new Screen(columns);
        for (int i = 0; i < written.length(); i++) {
            if (written.startsWith("\u001b[K", i)) {
                screen.last().setLength(Math.min(screen.last().length(), screen.column));
                i += 2;
            } else {
                screen.write(written.charAt(i));
            }
        }
        return screen.lines.stream()
                .map(line -> line.toString().stripTrailing())
                .toList();
    }

    private void write(char next) {
        switch (next) {
            case '\r' -> column = 0;
            case '\n' -> newLine();
            case '\u001b' -> throw new AssertionError("an unexpected control sequence");
            default -> put(next);
        }
    }

    private void put(char next) {
        if (column == columns) {
            newLine();
        }
        while (last().length() <= column) {
            last().append(' ');
        }
        last().setCharAt(column++, next);
    }

    private void newLine() {
        lines.add(new StringBuilder());
        column = 0;
    }

    private StringBuilder last() {
        return lines.get(lines.size() - 1);
    }
}
