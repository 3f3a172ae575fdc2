package io.ociregistry.e2e;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * A real program that a test started: its output goes to a numbered file in target/e2e, and it is ended by its own
 * process id,
 * at the latest when the test's JVM ends. Waiting for it is always waiting for a condition, and ends early when the
 * program does.
 */
final class Program implements AutoCloseable {
    static final Path LOGS = Path.of("target", "e2e").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final AtomicInteger STARTED = new AtomicInteger();

    private final String name;
    private final Path log;
    private final Process process;
    private final Thread atExit;

    private Program(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        this.atExit = new Thread(process::destroyForcibly, "end " + name);
    }

    /** Starts a program that keeps running until it is closed. */
    static Program start(String name, Map<String, String> environment, List<String> command) {
        var log = LOGS.resolve("%03d-%s.log".formatted(STARTED.incrementAndGet(), name));
        try {
            Files.createDirectories(LOGS);
            var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(environment);
            var program = new Program(name, log, builder.start());
            Runtime.getRuntime().addShutdownHook(program.atExit);
            return program;
        } catch (IOException e) {
            throw new UncheckedIOException("start " + String.join(" ", command), e);
        }
    }

    /** Runs a program to its end, which must be a good one, and answers what it printed. */
    static String run(String name, List<String> command) {
        return run(name, Map.of(), command);
    }

    /** The same with more variables in its environment. */
    static String run(String name, Map<String, String> environment, List<String> command) {
        try (var program = start(name, environment, command)) {
            var status = program.exitStatus(Duration.ofMinutes(5));
            if (status != 0) {
                throw new AssertionError(
                        "%s: exit status %d\n%s".formatted(String.join(" ", command), status, program.log()));
            }
            return program.log();
        }
    }

    Program waitUntil(String what, BooleanSupplier condition) {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            // What it did last counts too.
            if (!process.isAlive() && !condition.getAsBoolean()) {
                throw failure("ended with status %d before: %s".formatted(process.exitValue(), what));
            }
            if (System.nanoTime() > deadline) {
                close();
                throw failure("not within %s: %s".formatted(PATIENCE, what));
            }
            nap();
        }
        return this;
    }

    /** Asks the program to end (SIGTERM) and answers its exit status. */
    int terminate() {
        process.destroy();
        return exitStatus(PATIENCE);
    }

    /** Waits until the program has ended by itself, and answers its exit status. */
    int awaitEnd() {
        return exitStatus(PATIENCE);
    }

    /** Ends it without asking (SIGKILL). */
    void kill() {
        process.destroyForcibly();
        exitStatus(PATIENCE);
    }

    long pid() {
        return process.pid();
    }

    String log() {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        if (!ended(Duration.ofSeconds(30))) {
            process.destroyForcibly();
            exitStatus(PATIENCE);
        }
        if (Thread.currentThread() != atExit) {
            Runtime.getRuntime().removeShutdownHook(atExit);
        }
    }

    private int exitStatus(Duration limit) {
        if (!ended(limit)) {
            throw failure("still running after " + limit);
        }
        return process.exitValue();
    }

    private boolean ended(Duration limit) {
        try {
            return process.waitFor(limit.toSeconds(), SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Between two looks at a condition; the condition decides, never the clock. */
    private void nap() {
        try {
            process.waitFor(50, MILLISECONDS);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw failure("interrupted");
        }
    }

    private AssertionError failure(String why) {
        return new AssertionError("%s (pid %d): %s; its log is %s".formatted(name, process.pid(), why, log));
    }
}
