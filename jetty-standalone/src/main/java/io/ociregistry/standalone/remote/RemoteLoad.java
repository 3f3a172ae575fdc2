package io.ociregistry.standalone.remote;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.load.LoadEvents;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.ListedLine;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Loads images through the admin API of a running server, and reports events as a local load does. */
public record RemoteLoad(RemoteServer server) {
    private static final Pattern LINE = Pattern.compile("line:([1-9][0-9]{0,8})");

    public LoadSummary load(GivenOptions options, ServerConfig config, LoadPlan plan, LoadListener listener)
            throws UsageException, StartException {
        if (!plan.archives().isEmpty()) {
            throw new UsageException("a server loads only image lists, and "
                    + plan.archives().get(0).path() + " is an archive; stop the server and load it without --server");
        }
        if (options.get(CliOption.PULL_TIMEOUT).isPresent()) {
            throw new UsageException(
                    "--pull-timeout does not apply to a server; set pullTimeout in the server's configuration");
        }
        var list = plan.lines().stream().map(ListedLine::text).collect(Collectors.joining("\n", "", "\n"));
        var events = new LoadEvents(listener, name -> place(name, plan.lines()));
        try (var body = server.post("/cmd/load", query(options, config), list);
                var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                events.accept(line);
            }
        } catch (IOException e) {
            throw server.connectionFailure(e);
        } catch (IllegalArgumentException e) {
            throw new StartException("the answer of the server is not that of an ociregistry: " + e.getMessage(), e);
        }
        return events.summary()
                .orElseThrow(() -> new StartException(
                        "the server stopped before the end of the load; the same command resumes it", null));
    }

    /**
     * The file and line for a name such as {@code line:7} in the server's answer: the list that is sent to the server
     * has neither comments nor names of files.
     */
    private static String place(String name, List<ListedLine> lines) {
        var line = LINE.matcher(name);
        if (!line.matches()) {
            return name;
        }
        int number = Integer.parseInt(line.group(1));
        return number <= lines.size() ? lines.get(number - 1).location() : name;
    }

    /** Sends only options that were given; the server's configuration has the defaults for the others. */
    private static Map<String, String> query(GivenOptions options, ServerConfig config) {
        Map<String, String> query = new HashMap<>();
        if (options.get(CliOption.PLATFORM)
                .or(() -> options.get(CliOption.OS))
                .or(() -> options.get(CliOption.ARCH))
                .isPresent()) {
            query.put("platform", config.platforms().toString());
        }
        options.get(CliOption.PARALLEL).ifPresent(value -> query.put("parallel", value));
        options.get(CliOption.WITH_REFERRERS).ifPresent(value -> query.put("withReferrers", value));
        return query;
    }
}
