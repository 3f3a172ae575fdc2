package io.ociregistry.standalone.command;

import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.registry.ConfigCheck;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import java.io.PrintStream;
import java.util.List;

/** {@code ociregistry check-config}: reports mistakes of the configuration without starting a server. */
public record CheckConfigCommand(GivenOptions options) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var loaded = options.load();
            List<String> problems = ConfigCheck.problems(loaded.config());
            if (!problems.isEmpty()) {
                throw new ConfigException(problems);
            }
            List<String> warnings = ConfigCheck.warnings(loaded);
            warnings.forEach(warning -> err.println("ociregistry: warning: " + warning));
            out.println("the configuration can be used; warnings: " + warnings.size());
            return 0;
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        }
    }
}
