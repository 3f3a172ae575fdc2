package io.ociregistry.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Formats each line as one JSON object. {@code docs/logs.md} describes the fields; a field of the access log is a
 * key-value pair of its event.
 */
final class JsonLayout extends LayoutBase<ILoggingEvent> {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    /** True if the journal of systemd receives the lines; it removes the priority before each object. */
    private final boolean journal;

    JsonLayout(boolean journal) {
        this.journal = journal;
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("time", event.getInstant().toString());
        fields.put("level", event.getLevel().toString().toLowerCase(Locale.ROOT));
        fields.put("logger", event.getLoggerName());
        fields.put("message", event.getFormattedMessage());
        if (event.getKeyValuePairs() != null) {
            event.getKeyValuePairs().forEach(pair -> fields.put(pair.key, pair.value));
        }
        if (event.getThrowableProxy() != null) {
            fields.put("error", ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        String line = json(fields) + "\n";
        return journal ? ConsoleLayout.priority(event.getLevel()).prefixed(line) : line;
    }

    private static String json(Map<String, Object> fields) {
        try {
            return MAPPER.writeValueAsString(fields);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing a log line as JSON failed", e);
        }
    }
}
