package io.ociregistry.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A successful system call in the output of {@code strace -f -y -o FILE}: a line, or two lines if a call of another
 * thread came between.
 *
 * @param paths the path of the first descriptor, otherwise the paths in the arguments
 * @param text the arguments and the result, as strace writes them
 * @param from the number of the line on which the call began
 * @param to the number of the line on which the call returned
 */
record SystemCall(String name, List<String> paths, String text, int from, int to) {
    private static final Pattern STARTED = Pattern.compile("([0-9]+) +([a-z0-9_]+)\\((.*)");
    private static final Pattern RESUMED = Pattern.compile("([0-9]+) +<\\.\\.\\. [a-z0-9_]+ resumed>(.*)");
    private static final String UNFINISHED = " <unfinished ...>";
    private static final Pattern FAILED = Pattern.compile(".*\\) += (-1 .*|\\?.*)");
    private static final Pattern DESCRIPTOR = Pattern.compile("[0-9]+<([^>]*)>.*");
    private static final Pattern NAMED = Pattern.compile("\"(/[^\"]*)\"");

    static List<SystemCall> read(Path log) throws IOException {
        var calls = new ArrayList<SystemCall>();
        var unfinished = new HashMap<String, Started>();
        var lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
        for (int i = 0; i < lines.size(); i++) {
            var started = STARTED.matcher(lines.get(i));
            var resumed = RESUMED.matcher(lines.get(i));
            if (started.matches() && lines.get(i).endsWith(UNFINISHED)) {
                unfinished.put(started.group(1), new Started(started.group(2), started.group(3), i));
            } else if (started.matches()) {
                new Started(started.group(2), started.group(3), i).addTo(calls, i);
            } else if (resumed.matches()) {
                finish(unfinished, resumed).addTo(calls, i);
            }
        }
        return calls;
    }

    boolean isWriteTo(String path) {
        return name.matches("p?writev?(64)?") && paths.contains(path);
    }

    boolean isSyncOf(String path) {
        return name.matches("f(data)?sync") && paths.contains(path);
    }

    boolean isRenameTo(String path) {
        return name.matches("rename(at2?)?")
                && paths.size() == 2
                && paths.get(1).equals(path);
    }

    boolean isRenameInto(String directory) {
        return name.matches("rename(at2?)?")
                && paths.size() == 2
                && paths.get(1).startsWith(directory + "/");
    }

    boolean isAfter(SystemCall other) {
        return from > other.to;
    }

    private static Started finish(Map<String, Started> unfinished, Matcher resumed) {
        // A call that was in progress when strace attached has no beginning.
        var started = unfinished.remove(resumed.group(1));
        return started == null
                ? new Started("", resumed.group(2), 0)
                : new Started(started.name, started.text.replace(UNFINISHED, "") + resumed.group(2), started.line);
    }

    private record Started(String name, String text, int line) {
        void addTo(List<SystemCall> calls, int end) {
            if (!FAILED.matcher(text).matches()) {
                calls.add(new SystemCall(name, paths(), text, line, end));
            }
        }

        private List<String> paths() {
            var descriptor = DESCRIPTOR.matcher(text);
            return descriptor.matches()
                    ? List.of(descriptor.group(1))
                    : NAMED.matcher(text).results().map(named -> named.group(1)).toList();
        }
    }
}
