package io.ociregistry.config.yaml;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.ociregistry.common.ByteSize;
import io.ociregistry.common.GoDuration;
import io.ociregistry.common.Secret;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.RegistryException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** A value written as one piece of text. The parser's IllegalArgumentException says what is wrong and what to write. */
public record Scalar<T>(Function<String, T> parser) implements ValueType<T> {
    public static final Scalar<String> TEXT = new Scalar<>(text -> text);
    public static final Scalar<Secret> SECRET = new Scalar<>(Secret::new);
    public static final Scalar<String> VARIABLE = new Scalar<>(Scalar::variable);
    public static final Scalar<Path> PATH = new Scalar<>(Scalar::path);
    public static final Scalar<Boolean> BOOLEAN = new Scalar<>(Scalar::bool);
    public static final Scalar<Integer> PORT = integer(0, 65535);
    public static final Scalar<Duration> DURATION = new Scalar<>(GoDuration::parse);

    /** A regular expression that is matched in linear time. */
    public static final Scalar<String> EXPRESSION = TEXT.checked(Scalar::noExpression);

    /** Some of them, with commas between them. */
    public static final Scalar<String> EXPRESSIONS = TEXT.checked(text -> Arrays.stream(text.split(",", -1))
            .flatMap(expression -> noExpression(expression).stream())
            .findFirst());

    /** A part of something: {@code 90%}, with or without the sign. */
    public static final Scalar<Integer> PER_CENT = new Scalar<>(text -> {
        if (!text.matches("[0-9]{1,2}%?|100%?")) {
            throw new IllegalArgumentException("'" + text + "' is not a part of a hundred; write for example 90%");
        }
        return Integer.parseInt(text.replace("%", ""));
    });

    /** A number without a unit is milliseconds, as the Go program has it. */
    public static final Scalar<Duration> MILLISECONDS = new Scalar<>(
            text -> text.matches("[0-9]{1,15}") ? Duration.ofMillis(Long.parseLong(text)) : GoDuration.parse(text));

    public static final Scalar<Platforms> PLATFORMS = new Scalar<>(Scalar::platforms);

    @Override
    public Optional<T> read(Node node, ConfigPath place, ParseContext reading) {
        if (!(node instanceof ScalarNode scalar)) {
            reading.problem(node, place, "is a " + node.getNodeId() + ", but must be a single value");
            return Optional.empty();
        }
        try {
            return Optional.of(parser.apply(scalar.getValue()));
        } catch (IllegalArgumentException e) {
            reading.problem(node, place, Quoted.in(String.valueOf(e.getMessage()), scalar.getValue()));
            return Optional.empty();
        }
    }

    /** For keys that need not be there. */
    Scalar<Optional<T>> optional() {
        return new Scalar<>(text -> Optional.of(parser.apply(text)));
    }

    public Scalar<T> checked(Function<T, Optional<String>> objection) {
        return new Scalar<>(text -> {
            var value = parser.apply(text);
            objection.apply(value).ifPresent(why -> {
                throw new IllegalArgumentException("'" + text + "' " + why);
            });
            return value;
        });
    }

    public static Scalar<Integer> integer(int from, int to) {
        return new Scalar<>(text -> {
            var number = text.matches("-?[0-9]{1,10}") ? Long.parseLong(text) : Long.MIN_VALUE;
            if (number < from || number > to) {
                throw new IllegalArgumentException("'" + text + "' is not a whole number from " + from + " to " + to);
            }
            return (int) number;
        });
    }

    public static Scalar<Long> size(long from, long to) {
        return new Scalar<>(ByteSize::parse)
                .checked(size -> size < from || size > to
                        ? Optional.of("is not a size from " + from + " to " + to + " bytes")
                        : Optional.empty());
    }

    /** One of the constants of an enum, in either case. */
    public static <E extends Enum<E>> Scalar<E> oneOf(Class<E> constants) {
        List<E> all = Arrays.asList(constants.getEnumConstants());
        return new Scalar<>(text -> all.stream()
                .filter(constant -> constant.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is not one of "
                        + all.stream()
                                .map(Enum::name)
                                .map(name -> name.toLowerCase(Locale.ROOT))
                                .toList())));
    }

    private static Optional<String> noExpression(String text) {
        try {
            Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            return Optional.of("is no RE2 expression: " + e.getDescription());
        }
        return text.isBlank() ? Optional.of("has an empty part, which would match everything") : Optional.empty();
    }

    /** The failure does not repeat the text: it may be the secret itself. */
    private static String variable(String text) {
        if (!text.matches("[-._A-Za-z][-._A-Za-z0-9]*")) {
            throw new IllegalArgumentException(
                    "is not the name of an environment variable; write for example MY_PASSWORD");
        }
        return text;
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + text + "' can't be the name of a file: " + e.getReason(), e);
        }
    }

    private static Platforms platforms(String text) {
        try {
            return Platforms.parse(text);
        } catch (RegistryException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static boolean bool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("'" + text + "' is neither true nor false");
        };
    }
}
