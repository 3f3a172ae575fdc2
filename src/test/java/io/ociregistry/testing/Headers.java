package io.ociregistry.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Header fields as on the wire: in order, with duplicates. Names are compared without regard to case. */
public record Headers(List<Field> fields) {
    public static final Headers NONE = new Headers(List.of());

    /** A header line. */
    public record Field(String name, String value) {
        boolean is(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    public Headers {
        fields = List.copyOf(fields);
    }

    /** Returns the value of the first field with this name. */
    public Optional<String> first(String name) {
        return all(name).stream().findFirst();
    }

    /** Returns all values of this name. */
    public List<String> all(String name) {
        return fields.stream().filter(field -> field.is(name)).map(Field::value).toList();
    }

    public boolean has(String name) {
        return first(name).isPresent();
    }

    /** Returns these fields and an additional field. */
    public Headers and(String name, String value) {
        List<Field> more = new ArrayList<>(fields);
        more.add(new Field(name, value));
        return new Headers(more);
    }

    /** Returns these fields with exactly one field of this name. */
    public Headers with(String name, String value) {
        return without(name).and(name, value);
    }

    public Headers without(String name) {
        Predicate<Field> same = field -> field.is(name);
        return new Headers(fields.stream().filter(same.negate()).toList());
    }

    /** Returns the fields as sent, each with a line end. */
    @Override
    public String toString() {
        StringBuilder lines = new StringBuilder();
        fields.forEach(field ->
                lines.append(field.name).append(": ").append(field.value).append("\r\n"));
        return lines.toString();
    }
}
