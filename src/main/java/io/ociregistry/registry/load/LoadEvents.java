package io.ociregistry.registry.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Parses the lines that {@link LoadJson} wrote in another process, and reports them to a listener.
 *
 * <p>Unknown events and keys, which a later version may write, are ignored. Not thread-safe.
 */
public final class LoadEvents {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final LoadListener listener;
    private final UnaryOperator<String> names;
    private final List<Failed> failed = new ArrayList<>();
    private @Nullable LoadSummary summary;

    /**
     * Creates a parser.
     *
     * @param names translates the names of failed images: the line numbers of the list that was sent may differ from
     *     those of the local file
     */
    public LoadEvents(LoadListener listener, UnaryOperator<String> names) {
        this.listener = listener;
        this.names = names;
    }

    /**
     * Reports one line.
     *
     * @throws IllegalArgumentException if the line is not JSON; the message is the line
     */
    public void accept(String line) {
        if (line.isBlank()) {
            return;
        }
        JsonNode event = parse(line);
        String image = event.path("image").asText();
        switch (event.path("event").asText()) {
            case "started" -> listener.started(image);
            case "progress" ->
                listener.progressed(
                        image,
                        event.path("bytes").asLong(),
                        event.path("received").asLong(event.path("bytes").asLong()),
                        event.path("total").asLong());
            case "loaded" ->
                listener.ended(new Loaded(image, event.path("bytes").asLong(), seconds(event)));
            case "present" -> listener.ended(new AlreadyCached(image));
            case "failed" ->
                fail(new Failed(
                        names.apply(image),
                        event.path("reason").asText(),
                        event.path("canPass").asBoolean()));
            case "summary" -> end(event);
            default -> {
                // A later version may have more events.
            }
        }
    }

    /** Returns the summary; empty before its line. */
    public Optional<LoadSummary> summary() {
        return Optional.ofNullable(summary);
    }

    private void fail(Failed outcome) {
        failed.add(outcome);
        listener.ended(outcome);
    }

    private void end(JsonNode event) {
        List<String> notes = new ArrayList<>();
        event.path("notes").forEach(note -> notes.add(note.asText()));
        LoadSummary received = new LoadSummary(
                event.path("loaded").asInt(),
                event.path("present").asInt(),
                failed,
                notes,
                event.path("bytes").asLong(),
                seconds(event));
        summary = received;
        listener.finished(received);
    }

    private static Duration seconds(JsonNode event) {
        return Duration.ofMillis((long) (1000 * event.path("seconds").asDouble()));
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(line, e);
        }
    }
}
