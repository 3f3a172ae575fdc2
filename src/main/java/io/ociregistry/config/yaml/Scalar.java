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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * A value written as one piece of text.
 *
 * @param parser makes the value; the message of its IllegalArgumentException says what is wrong and what to write
 */
public record Scalar<T>(Function<String, T> parser) implements ValueType<T> {
    /** The parts of a regular expression in which a comma may be, and a comma elsewhere. */
    private static final Pattern EXPRESSION_TOKEN =
            Pattern.compile("\\\\.|\\[\\^?\\]?(?:\\\\.|[^\\]\\\\])*\\]|\\{[0-9]+,[0-9]*}|[(),]", Pattern.DOTALL);

    public static final Scalar<String> TEXT = new Scalar<>(text -> text);
    public static final Scalar<Secret> SECRET = new Scalar<>(Secret::new);
    public static final Scalar<String> VARIABLE = new Scalar<>(Scalar::variable);
    public static final Scalar<Path> PATH = new Scalar<>(Scalar::path);
    public static final Scalar<Boolean> BOOLEAN = new Scalar<>(Scalar::bool);
    public static final Scalar<Integer> PORT = integer(0, 65535);
    public static final Scalar<Duration> DURATION = new Scalar<>(GoDuration::parse);

    /** A regular expression that is matched in linear time. */
    public static final Scalar<String> EXPRESSION = TEXT.checked(Scalar::expressionProblem);

    /** A comma-separated list of regular expressions; see {@link #splitExpressions}. */
    public static final Scalar<String> EXPRESSIONS = TEXT.checked(text -> splitExpressions(text).stream()
            .flatMap(expression -> expressionProblem(expression).stream())
            .findFirst());

    /** A percentage, such as {@code 90%}; the sign is optional. */
    public static final Scalar<Integer> PER_CENT = new Scalar<>(text -> {
        if (!text.matches("[0-9]{1,2}%?|100%?")) {
            throw new IllegalArgumentException("'" + text + "' is not a percentage; write for example 90%");
        }
        return Integer.parseInt(text.replace("%", ""));
    });

    /** A duration; a number without a unit is milliseconds, as in the Go program. */
    public static final Scalar<Duration> MILLISECONDS = new Scalar<>(
            text -> text.matches("[0-9]{1,15}") ? Duration.ofMillis(Long.parseLong(text)) : GoDuration.parse(text));

    public static final Scalar<Platforms> PLATFORMS = new Scalar<>(Scalar::platforms);

    @Override
    public Optional<T> read(Node node, String path, ParseContext context) {
        if (!(node instanceof ScalarNode scalar)) {
            context.problem(node, path, "is a " + node.getNodeId() + ", but must be a single value");
            return Optional.empty();
        }
        try {
            return Optional.of(parser.apply(scalar.getValue()));
        } catch (IllegalArgumentException e) {
            context.problem(node, path, Redaction.inMessage(String.valueOf(e.getMessage()), scalar.getValue()));
            return Optional.empty();
        }
    }

    /** The type of a key without a default. */
    Scalar<Optional<T>> optional() {
        return new Scalar<>(text -> Optional.of(parser.apply(text)));
    }

    /** Adds a check, which returns the problem of an invalid value. */
    public Scalar<T> checked(Function<T, Optional<String>> check) {
        return new Scalar<>(text -> {
            var value = parser.apply(text);
            check.apply(value).ifPresent(problem -> {
                throw new IllegalArgumentException("'" + text + "' " + problem);
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

    /** A constant of an enum; case does not matter. */
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

    /** Splits at commas, except for commas in {@code {1,2}}, {@code [a,b]} and {@code (a,b)}, and after a backslash. */
    public static List<String> splitExpressions(String text) {
        List<String> expressions = new ArrayList<>();
        int start = 0;
        int depth = 0;
        var token = EXPRESSION_TOKEN.matcher(text);
        while (token.find()) {
            switch (token.group()) {
                case "(" -> depth++;
                case ")" -> depth--;
                case "," -> {
                    if (depth <= 0) {
                        expressions.add(text.substring(start, token.start()));
                        start = token.end();
                    }
                }
                default -> {}
            }
        }
        expressions.add(text.substring(start));
        return expressions;
    }

    private static Optional<String> expressionProblem(String text) {
        try {
            Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            return Optional.of("is not a valid RE2 expression: " + e.getDescription());
        }
        return text.isBlank() ? Optional.of("has an empty part, which would match everything") : Optional.empty();
    }

    /** The message does not quote the text, which may be the secret itself. */
    private static String variable(String text) {
        if (!text.matches("[-._A-Za-z][-._A-Za-z0-9]*")) {
            throw new IllegalArgumentException(
                    "is not the name of an environment variable; write for example MY_PASSWORD");
        }
        return text;
    }

    /**
     * Parses the path of a file, of a key or of an option.
     *
     * @throws IllegalArgumentException if the text is not a path; the message says why and what to do
     */
    public static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
            throw new IllegalArgumentException(
                    "'" + text + "' is not a valid path: " + e.getReason()
                            + (encoding.equals("UTF-8")
                                    ? ""
                                    : "; the locale has only " + encoding
                                            + ", so start the program with LC_ALL=C.UTF-8"),
                    e);
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
