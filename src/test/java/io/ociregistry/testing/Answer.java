package io.ociregistry.testing;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A response under construction: initially the response of a correct registry, then changed by faults and sent by a
 * {@link Connection}. Confined to a thread.
 */
final class Answer {
    /** The way in which a client finds the end of the body. */
    enum Framing {
        LENGTH,
        CHUNKED,
        CLOSE
    }

    /** An action at a position of the body. */
    record Stop(long at, Act act) {}

    /** The action on the connection. */
    interface Act {
        void on(Connection connection) throws IOException, InterruptedException;
    }

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d*)-(\\d*)");

    int status;
    Headers headers = Headers.NONE;
    Content body;
    Content surplus = Content.of("");
    Framing framing = Framing.LENGTH;
    boolean ranged;
    int chunk = 1 << 16;
    Duration pause = Duration.ZERO;
    final List<Act> beforeHeaders = new ArrayList<>();
    final List<Stop> stops = new ArrayList<>();
    /** Stops at positions of the whole content, independent of the range. */
    final List<Stop> gates = new ArrayList<>();

    private Answer(int status, Content body) {
        this.status = status;
        this.body = body;
    }

    static Answer of(int status, String contentType, Content body) {
        return new Answer(status, body).with("Content-Type", contentType);
    }

    static Answer error(int status, String code, String message) {
        String json = "{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}]}";
        return of(status, "application/json", Content.of(json));
    }

    Answer with(String name, String value) {
        headers = headers.with(name, value);
        return this;
    }

    Answer without(String name) {
        headers = headers.without(name);
        return this;
    }

    /** Replaces the status, the headers and the body, with any earlier changes. */
    void become(Answer other) {
        status = other.status;
        headers = other.headers;
        body = other.body;
        ranged = false;
    }

    void stopAt(long at, Act act) {
        stops.add(new Stop(at, act));
    }

    List<Stop> stopsInOrder() {
        return stops.stream().sorted(Comparator.comparingLong(Stop::at)).toList();
    }

    /** Cuts the body to the requested range. */
    void honourRange(Recorded request) {
        long from = 0;
        Matcher range = RANGE.matcher(request.header("Range").orElse(""));
        if (ranged && range.matches() && sameContentAsIn(request.header("If-Range"))) {
            from = cut(range.group(1), range.group(2));
        }
        for (Stop gate : gates) {
            stopAt(Math.max(0, gate.at - from), gate.act);
        }
    }

    private boolean sameContentAsIn(Optional<String> ifRange) {
        return ifRange.isEmpty() || ifRange.equals(headers.first("ETag"));
    }

    private long cut(String first, String last) {
        long size = body.size();
        long from = first.isEmpty() ? Math.max(0, size - Long.parseLong(last)) : Long.parseLong(first);
        long to = first.isEmpty() || last.isEmpty() ? size : Math.min(size, Long.parseLong(last) + 1);
        if (from >= size || to <= from) {
            become(error(416, "UNSUPPORTED", "no such range").with("Content-Range", "bytes */" + size));
            return 0;
        }
        status = 206;
        body = body.slice(from, to);
        with("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + size);
        return from;
    }
}
