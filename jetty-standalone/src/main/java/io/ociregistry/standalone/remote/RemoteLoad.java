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

/** A load that a running server does, shown as if it was done here. */
public record RemoteLoad(RemoteServer server) {
    private static final Pattern LINE = Pattern.compile("line:([1-9][0-9]{0,8})");

    public LoadSummary load(GivenOptions settings, ServerConfig config, LoadPlan plan, LoadListener listener)
            throws UsageException, StartException {
        if (!plan.archives().isEmpty()) {
            throw new UsageException("a server takes lists of images only, and "
                    + plan.archives().get(0).path() + " is none; load it while the server is stopped");
        }
        if (settings.get(CliOption.PULL_TIMEOUT).isPresent()) {
            throw new UsageException(
                    "--pull-timeout does not reach a server, which has its own: pullTimeout; leave it out");
        }
        var list = plan.lines().stream().map(ListedLine::text).collect(Collectors.joining("\n", "", "\n"));
        var events = new LoadEvents(listener, name -> place(name, plan.lines()));
        try (var body = server.post("/cmd/load", query(settings, config), list);
                var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                events.accept(line);
            }
        } catch (IOException e) {
            throw server.failed(e);
        } catch (IllegalArgumentException e) {
            throw new StartException("the server answers what is no answer of an ociregistry: " + e.getMessage(), e);
        }
        return events.summary()
                .orElseThrow(() -> new StartException(
                        "the server stopped before the end of the load; the same command goes on from there", null));
    }

    /** Where the line stands that the server calls {@code line:7}: it is sent neither comments nor the names of files. */
    private static String place(String name, List<ListedLine> lines) {
        var line = LINE.matcher(name);
        if (!line.matches()) {
            return name;
        }
        int number = Integer.parseInt(line.group(1));
        return number <= lines.size() ? lines.get(number - 1).place() : name;
    }

    /** What was said here counts; for the rest the server has a configuration of its own. */
    private static Map<String, String> query(GivenOptions settings, ServerConfig config) {
        Map<String, String> query = new HashMap<>();
        if (settings.get(CliOption.PLATFORM)
                .or(() -> settings.get(CliOption.OS))
                .or(() -> settings.get(CliOption.ARCH))
                .isPresent()) {
            query.put("platform", config.platforms().toString());
        }
        settings.get(CliOption.PARALLEL).ifPresent(value -> query.put("parallel", value));
        settings.get(CliOption.WITH_REFERRERS).ifPresent(value -> query.put("withReferrers", value));
        return query;
    }
}
