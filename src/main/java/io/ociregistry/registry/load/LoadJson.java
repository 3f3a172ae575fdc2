package io.ociregistry.registry.load;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Writes the events of a load as lines of JSON, for programs. Every line is an object with an {@code event}:
 *
 * <pre>
 * {"event":"started","image":...}
 * {"event":"progress","image":...,"bytes":...,"received":...,"total":...}
 * {"event":"loaded","image":...,"bytes":...,"seconds":...}
 * {"event":"present","image":...}                                 it was cached already
 * {"event":"failed","image":...,"reason":...,"canPass":...}       canPass: a later retry may succeed
 * {"event":"summary","loaded":...,"present":...,"failed":...,"bytes":...,"seconds":...,"notes":[...]}    the last line
 * </pre>
 *
 * <p>Thread-safe.
 */
public final class LoadJson implements LoadListener {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Consumer<String> lines;
    private final Consumer<String> progressLines;

    /**
     * Creates a writer.
     *
     * @param lines receives one line at a time, without a line separator
     */
    public LoadJson(Consumer<String> lines) {
        this(lines, lines);
    }

    /**
     * Creates a writer whose progress lines may be dropped.
     *
     * @param progressLines receives the lines of the event {@code progress}
     */
    public LoadJson(Consumer<String> lines, Consumer<String> progressLines) {
        this.lines = lines;
        this.progressLines = progressLines;
    }

    @Override
    public void started(String image) {
        write(event("started").put("image", image));
    }

    @Override
    public void progressed(String image, long bytes, long received, long total) {
        ObjectNode event = event("progress")
                .put("image", image)
                .put("bytes", bytes)
                .put("received", received)
                .put("total", total);
        write(event, progressLines);
    }

    @Override
    public void ended(LoadOutcome outcome) {
        if (outcome instanceof Loaded loaded) {
            write(event("loaded")
                    .put("image", loaded.image())
                    .put("bytes", loaded.bytes())
                    .put("seconds", seconds(loaded.took())));
        } else if (outcome instanceof AlreadyCached there) {
            write(event("present").put("image", there.image()));
        } else if (outcome instanceof Failed failed) {
            write(event("failed")
                    .put("image", failed.image())
                    .put("reason", failed.reason())
                    .put("canPass", failed.isTransient()));
        }
    }

    @Override
    public void finished(LoadSummary summary) {
        ObjectNode event = event("summary")
                .put("loaded", summary.loaded())
                .put("present", summary.alreadyCached())
                .put("failed", summary.failed().size())
                .put("bytes", summary.bytes())
                .put("seconds", seconds(summary.took()));
        summary.notes().forEach(event.putArray("notes")::add);
        write(event);
    }

    private void write(ObjectNode event) {
        write(event, lines);
    }

    private synchronized void write(ObjectNode event, Consumer<String> to) {
        to.accept(event.toString());
    }

    private static ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name);
    }

    private static double seconds(Duration time) {
        return time.toMillis() / 1000.0;
    }
}
