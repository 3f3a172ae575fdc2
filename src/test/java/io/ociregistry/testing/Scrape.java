package io.ociregistry.testing;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A parsed scrape in the text format of Prometheus. */
public final class Scrape {
    private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:0-9]+)(?:\\{(.*)\\})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_0-9]+)=\"((?:[^\"\\\\]|\\\\.)*)\",?");

    private final String text;
    private final Map<String, String> types = new TreeMap<>();
    private final Map<String, Map<Map<String, String>, Double>> samples = new LinkedHashMap<>();

    private Scrape(String text) {
        this.text = text;
        text.lines().forEach(line -> {
            Matcher type = TYPE.matcher(line);
            Matcher sample = SAMPLE.matcher(line);
            if (type.matches()) {
                types.put(type.group(1), type.group(2));
            } else if (!line.startsWith("#") && sample.matches()) {
                samples.computeIfAbsent(sample.group(1), name -> new LinkedHashMap<>())
                        .put(
                                labelsOf(sample.group(2)),
                                Double.valueOf(sample.group(3).replace("+Inf", "Infinity")));
            }
        });
    }

    public static Scrape of(String text) {
        return new Scrape(text);
    }

    private static Map<String, String> labelsOf(String text) {
        Map<String, String> labels = new TreeMap<>();
        if (text != null) {
            LABEL.matcher(text).results().forEach(label -> labels.put(label.group(1), label.group(2)));
        }
        return labels;
    }

    /** Returns the type of each metric. */
    public Map<String, String> types() {
        return types;
    }

    /** Returns the names of the labels of a metric, without those of the buckets of a histogram. */
    public Set<String> labels(String metric) {
        Set<String> names = new TreeSet<>();
        for (String name : List.of(metric, metric + "_count")) {
            samples.getOrDefault(name, Map.of()).keySet().forEach(labels -> names.addAll(labels.keySet()));
        }
        return names;
    }

    /** Returns the value of a sample; fails if there is none. */
    public double value(String name, String... labels) {
        Double value = samples.getOrDefault(name, Map.of()).get(map(labels));
        if (value == null) {
            throw new AssertionError("no " + name + " " + map(labels) + " in\n" + text);
        }
        return value;
    }

    public double valueOrZero(String name, String... labels) {
        return samples.getOrDefault(name, Map.of()).getOrDefault(map(labels), 0.0);
    }

    private static Map<String, String> map(String... labels) {
        Map<String, String> map = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            map.put(labels[i], labels[i + 1]);
        }
        return map;
    }

    @Override
    public String toString() {
        return text;
    }
}
