package io.ociregistry.registry.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.registry.load.LoadOutcome.AlreadyThere;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Tells a listener what {@link LoadJson} wrote elsewhere. What a later version writes beside that is passed over. */
public final class LoadEvents {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final LoadListener listener;
    private final UnaryOperator<String> names;
    private final List<Failed> failed = new ArrayList<>();
    private @Nullable LoadSummary summary;

    /**
     * For a listener.
     *
     * @param names what it is told for the names that failed: lines of the list that was sent may stand elsewhere here
     */
    public LoadEvents(LoadListener listener, UnaryOperator<String> names) {
        this.listener = listener;
        this.names = names;
    }

    /**
     * Takes one line.
     *
     * @throws IllegalArgumentException if it is no JSON; the message is that line
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
                        image, event.path("bytes").asLong(), event.path("total").asLong());
            case "loaded" ->
                listener.ended(new Loaded(image, event.path("bytes").asLong(), seconds(event)));
            case "present" -> listener.ended(new AlreadyThere(image));
            case "failed" ->
                fail(new Failed(
                        names.apply(image),
                        event.path("reason").asText(),
                        event.path("canPass").asBoolean()));
            case "summary" -> end(event);
            default -> {
                // Of no use here.
            }
        }
    }

    /** What came of it, once that was told. */
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
        LoadSummary told = new LoadSummary(
                event.path("loaded").asInt(),
                event.path("present").asInt(),
                failed,
                notes,
                event.path("bytes").asLong(),
                seconds(event));
        summary = told;
        listener.finished(told);
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
