package io.ociregistry.standalone.cli;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;

/** Parses the times of options. */
public final class TimeParser {
    private TimeParser() {}

    /**
     * Parses a time of RFC 3339, such a time without its offset, or a day, which means its start. The zone applies to
     * the last two.
     */
    public static Instant parse(String text, ZoneId zone) throws UsageException {
        try {
            if (text.indexOf('T') < 0) {
                return LocalDate.parse(text).atStartOfDay(zone).toInstant();
            }
            boolean hasZone = text.endsWith("Z") || text.matches(".*[+-][0-9]{2}:[0-9]{2}");
            return hasZone
                    ? OffsetDateTime.parse(text).toInstant()
                    : LocalDateTime.parse(text).atZone(zone).toInstant();
        } catch (DateTimeParseException e) {
            throw new UsageException("'" + text
                    + "' is not a time: expected 2026-03-01, 2026-03-01T22:17:31 (local time) or 2026-03-01T22:17:31Z");
        }
    }
}
