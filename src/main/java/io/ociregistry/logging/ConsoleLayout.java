package io.ociregistry.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** Formats lines for standard error; lines for the journal of systemd have its priorities and no time. */
public final class ConsoleLayout extends PatternLayout {
    private static final String LINE = "%-5level %logger - %msg%n";

    /** The lines of a log file and of a console without the journal. */
    static final String WITH_TIME = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} " + LINE;

    private final boolean journal;

    /** Used by logback.xml. */
    public ConsoleLayout() {
        this(Journal.isStandardError());
    }

    ConsoleLayout(boolean journal) {
        this.journal = journal;
        setPattern(journal ? LINE : WITH_TIME);
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        String text = super.doLayout(event);
        return journal ? priority(event.getLevel()).prefixed(text) : text;
    }

    static Journal priority(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> Journal.ERROR;
            case Level.WARN_INT -> Journal.WARNING;
            case Level.INFO_INT -> Journal.INFO;
            default -> Journal.DEBUG;
        };
    }
}
