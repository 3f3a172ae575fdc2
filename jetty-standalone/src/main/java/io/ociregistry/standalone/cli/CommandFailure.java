package io.ociregistry.standalone.cli;

import io.ociregistry.config.yaml.ConfigException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** How a command says that it could not do what it was asked to, and its exit code then. */
public final class CommandFailure {
    private static final int EXIT_CODE = 1;

    private CommandFailure() {}

    public static int of(Exception problem, PrintStream err) {
        err.println("ociregistry: " + problem.getMessage());
        return EXIT_CODE;
    }

    /** Tells every mistake of a configuration. */
    public static int of(ConfigException mistakes, PrintStream err) {
        err.println("ociregistry: the configuration can't be used:");
        err.println(mistakes.getMessage());
        return EXIT_CODE;
    }

    /** What a disk said, in words for people. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException missing && missing.getReason() == null) {
            return missing.getFile() + ": there is no such file or directory";
        }
        if (e instanceof FileAlreadyExistsException file && file.getReason() == null) {
            return file.getFile() + " is there already, and is no directory";
        }
        if (e instanceof FileSystemException failed && failed.getReason() == null) {
            return failed.getFile() + " can't be used (" + e.getClass().getSimpleName() + ")";
        }
        return String.valueOf(e.getMessage());
    }
}
