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
 * A real program that a test started. Its output goes to a numbered file in the directory of the test process, such as
 * target/e2e/process-1. It is ended by its process id, at the latest when the JVM of the test ends. Every wait is for a
 * condition, and ends early if the program ends.
 */
final class Program implements AutoCloseable {
    static final Path LOGS = Path.of("target", "e2e", System.getProperty("test.process", "process-1"))
            .toAbsolutePath();
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

    /** Runs a program, requires success, and returns the output. */
    static String run(String name, List<String> command) {
        return run(name, Map.of(), command);
    }

    /** Runs a program with additional environment variables. */
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
        return waitUntil(PATIENCE, what, condition);
    }

    Program waitUntil(Duration patience, String what, BooleanSupplier condition) {
        var deadline = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            // The condition may have become true just before the program ended.
            if (!process.isAlive() && !condition.getAsBoolean()) {
                throw failure("ended with status %d before: %s".formatted(process.exitValue(), what));
            }
            if (System.nanoTime() > deadline) {
                close();
                throw failure("not within %s: %s".formatted(patience, what));
            }
            nap();
        }
        return this;
    }

    /** Ends the program (SIGTERM) and returns the exit status. */
    int terminate() {
        process.destroy();
        return exitStatus(PATIENCE);
    }

    /** Waits until the program ends by itself, and returns the exit status. */
    int awaitEnd() {
        return exitStatus(PATIENCE);
    }

    /** Kills the program (SIGKILL). */
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

    /** The pause between two checks of a condition; only the condition decides the result. */
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
