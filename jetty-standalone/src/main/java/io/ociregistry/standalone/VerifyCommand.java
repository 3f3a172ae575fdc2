package io.ociregistry.standalone;

import io.ociregistry.config.ConfigException;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.Verifier;
import io.ociregistry.store.StoreAccess;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;

/** {@code ociregistry verify}: reads the whole cache and takes no lock, so that it works beside the server, and for whoever may read. */
record VerifyCommand(Settings settings) implements Action {
    private static final double MB = 1_000_000;

    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var config = settings.load().config();
            settings.log(config);
            var summary = verify(config, out);
            out.println(line(summary));
            return summary.problems() == 0 ? 0 : 1;
        } catch (ConfigException e) {
            return Failure.of(e, err);
        } catch (StartException e) {
            return Failure.of(e, err);
        } catch (InterruptedException e) {
            err.println("ociregistry: interrupted; not all was looked at");
            return 1;
        }
    }

    private static Verifier.Summary verify(ServerConfig config, PrintStream out)
            throws StartException, InterruptedException {
        try (var access = StoreAccess.openToRead(config.imagePath())) {
            return Verifier.of(access, config, out::println).verify();
        } catch (IOException e) {
            throw new StartException(
                    "cannot verify the image path " + config.imagePath() + ": " + Failure.reason(e), e);
        }
    }

    private static String line(Verifier.Summary summary) {
        return String.format(
                Locale.ROOT,
                "%d manifests, %d blobs, %.1f MB: %s",
                summary.manifests(),
                summary.blobs(),
                summary.bytes() / MB,
                switch ((int) Math.min(2, summary.problems())) {
                    case 0 -> "no problem";
                    case 1 -> "1 problem";
                    default -> summary.problems() + " problems";
                });
    }
}
