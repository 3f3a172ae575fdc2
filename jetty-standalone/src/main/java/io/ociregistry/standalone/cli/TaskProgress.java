package io.ociregistry.standalone.cli;

import java.io.PrintStream;

/**
 * Shows the progress of a long task on standard error: a bar on a terminal, otherwise a line from time to time. A short
 * task shows nothing in a file. Thread-safe. Closing it ends the display.
 */
public interface TaskProgress extends AutoCloseable {
    /** Shows nothing. */
    TaskProgress NONE = new TaskProgress() {
        @Override
        public void stepTo(long done, long total) {}

        @Override
        public void print(PrintStream to, String line) {
            to.println(line);
        }

        @Override
        public void close() {}
    };

    /** Returns the display of a task that counts bytes. */
    static TaskProgress ofBytes(String task, PrintStream err) {
        return Terminal.isStandardError() ? TerminalBar.ofBytes(task, err) : ProgressLines.ofBytes(task, err);
    }

    /** Returns the display of a task that counts steps. */
    static TaskProgress ofSteps(String task, PrintStream err) {
        return Terminal.isStandardError() ? TerminalBar.ofSteps(task, err) : ProgressLines.ofSteps(task, err);
    }

    /** Sets the position and the total. */
    void stepTo(long done, long total);

    /** Prints a line of the result, above the bar if both are on the same terminal. */
    void print(PrintStream to, String line);

    @Override
    void close();
}
