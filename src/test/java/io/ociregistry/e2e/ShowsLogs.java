package io.ociregistry.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** Prints the end of every program log that was written during a failed test. */
public final class ShowsLogs
        implements BeforeAllCallback,
                BeforeEachCallback,
                TestExecutionExceptionHandler,
                LifecycleMethodExecutionExceptionHandler {
    private static final int LINES = 150;
    private static final Namespace NAMESPACE = Namespace.create(ShowsLogs.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        noteStart(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        noteStart(context);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        show(context, failure);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        show(context, failure);
    }

    private static void noteStart(ExtensionContext context) {
        context.getStore(NAMESPACE).put("start", Instant.now());
    }

    private static void show(ExtensionContext context, Throwable failure) throws Throwable {
        if (!(failure instanceof TestAbortedException) && Files.isDirectory(Program.LOGS)) {
            var start = FileTime.from(context.getStore(NAMESPACE).get("start", Instant.class));
            try (var logs = Files.list(Program.LOGS)) {
                for (var log : logs.sorted().collect(Collectors.toList())) {
                    if (Files.getLastModifiedTime(log).compareTo(start) >= 0) {
                        System.err.println(end(log));
                    }
                }
            }
        }
        throw failure;
    }

    private static String end(Path log) throws IOException {
        var lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).split("\n", -1);
        var last = Arrays.stream(lines).skip(Math.max(0, lines.length - LINES)).collect(Collectors.joining("\n"));
        return "---- %s (%d lines)\n%s".formatted(log, lines.length, last);
    }
}
