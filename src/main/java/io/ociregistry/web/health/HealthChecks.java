package io.ociregistry.web.health;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.store.StoreStatus;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.RequestHead;
import java.nio.charset.StandardCharsets;

/**
 * The health checks: {@code /livez} and {@code /health} report that the process responds, {@code /readyz} and
 * {@code /startupz} that it can read its cache. With the parameter {@code verbose} they also report the state of the
 * disk.
 *
 * <p>None of them uses the network, so a broken uplink never makes a server look unhealthy. A disk that takes no
 * writes is a detail and no failure, because the server still passes content through. Thread-safe.
 */
public final class HealthChecks {
    /** The paths of the checks. */
    private static final String[] PATHS = {"/livez", "/readyz", "/startupz", "/health"};

    private final StoreStatus store;

    public HealthChecks(RegistryContext context) {
        this.store = context.storeStatus();
    }

    /** Returns the paths of the checks. */
    public static String[] paths() {
        return PATHS.clone();
    }

    /**
     * Answers a check.
     *
     * @throws RegistryException {@link ErrorCode#STORE_FAILED} if the server is not ready
     */
    public Answer answer(RequestHead head) {
        if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
            throw new RegistryException(ErrorCode.UNSUPPORTED, head.path() + " accepts GET and HEAD only");
        }
        boolean needsStore = head.path().equals("/readyz") || head.path().equals("/startupz");
        if (needsStore && !store.isReadable()) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "this server can't read its image path; see its log");
        }
        String text = head.query().names().contains("verbose") ? details() + "ok\n" : "ok\n";
        return Answer.ok("text/plain", text.getBytes(StandardCharsets.US_ASCII)).with("Cache-Control", "no-store");
    }

    private String details() {
        return line(store.isReadable(), "the cache can be read")
                + line(store.isWritable(), "the cache can be written")
                + line(store.unreadable().isEmpty(), "every file in the cache can be read");
    }

    private static String line(boolean isGood, String what) {
        return (isGood ? "[+] " : "[-] ") + what + (isGood ? "" : ": no") + "\n";
    }
}
