package io.ociregistry.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Header fields as they stand on the wire: in order, with duplicates. Names are compared as HTTP does, without regard
 * to case.
 */
public record Headers(List<Field> fields) {
    public static final Headers NONE = new Headers(List.of());

    /** One line. */
    public record Field(String name, String value) {
        boolean is(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    public Headers {
        fields = List.copyOf(fields);
    }

    /** The value of the first field of that name. */
    public Optional<String> first(String name) {
        return all(name).stream().findFirst();
    }

    /** Every value of that name. */
    public List<String> all(String name) {
        return fields.stream().filter(field -> field.is(name)).map(Field::value).toList();
    }

    public boolean has(String name) {
        return first(name).isPresent();
    }

    /** These, with one field more. */
    public Headers and(String name, String value) {
        List<Field> more = new ArrayList<>(fields);
        more.add(new Field(name, value));
        return new Headers(more);
    }

    /** These, with exactly one field of that name. */
    public Headers with(String name, String value) {
        return without(name).and(name, value);
    }

    public Headers without(String name) {
        Predicate<Field> same = field -> field.is(name);
        return new Headers(fields.stream().filter(same.negate()).toList());
    }

    /** As they are sent, each line ended. */
    @Override
    public String toString() {
        StringBuilder lines = new StringBuilder();
        fields.forEach(field ->
                lines.append(field.name).append(": ").append(field.value).append("\r\n"));
        return lines.toString();
    }
}
