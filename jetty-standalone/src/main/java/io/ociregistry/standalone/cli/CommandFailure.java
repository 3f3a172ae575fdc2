package io.ociregistry.standalone.cli;

import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.logging.Journal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Prints why a command failed, and returns its exit code. */
public final class CommandFailure {
    private static final int EXIT_CODE = 1;
    /** EX_CONFIG of sysexits.h: another start with this configuration fails too. */
    public static final int CONFIG_EXIT_CODE = 78;

    private CommandFailure() {}

    public static int report(Exception failure, PrintStream err) {
        err.println(Journal.ERROR.mark("ociregistry: " + failure.getMessage()));
        return EXIT_CODE;
    }

    /** Prints all problems of a configuration. */
    public static int report(ConfigException problems, PrintStream err) {
        err.println(Journal.ERROR.mark("ociregistry: the configuration cannot be used:\n" + problems.getMessage()));
        return CONFIG_EXIT_CODE;
    }

    /** Returns the reason of a failed file operation in plain words. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException missing && missing.getReason() == null) {
            return missing.getFile() + ": there is no such file or directory";
        }
        if (e instanceof FileAlreadyExistsException file && file.getReason() == null) {
            return file.getFile() + " exists and is not a directory";
        }
        if (e instanceof FileSystemException failed && failed.getReason() == null) {
            return failed.getFile() + " cannot be used (" + e.getClass().getSimpleName() + ")";
        }
        return String.valueOf(e.getMessage());
    }
}
