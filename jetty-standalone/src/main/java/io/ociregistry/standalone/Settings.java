package io.ociregistry.standalone;

import io.ociregistry.config.Overrides;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The options that were given, by value, and the whole line as it was typed. */
record Settings(Map<Flag, String> given, List<String> line) {
    Settings {
        given = Map.copyOf(given);
        line = List.copyOf(line);
    }

    Optional<String> get(Flag flag) {
        return Optional.ofNullable(given.get(flag));
    }

    boolean has(Flag flag) {
        return get(flag).filter(value -> !value.equals("false")).isPresent();
    }

    /** The option that names the configuration file. */
    Flag configFlag() {
        return given.containsKey(Flag.CONFIG_FILE) ? Flag.CONFIG_FILE : Flag.CONFIG_PATH;
    }

    Overrides overrides() {
        var overrides = Overrides.none();
        given.forEach((flag, value) -> flag.key().ifPresent(key -> overrides.put(key, flag.toString(), value)));
        return overrides;
    }
}
