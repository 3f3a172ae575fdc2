package io.ociregistry.standalone.remote;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.load.LoadEvents;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.ListedLine;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.TaskProgress;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Loads images through the admin API of a running server, and reports events as a local load does.
 *
 * @param progress shows how far the archive of that name was sent
 */
public record RemoteLoad(RemoteServer server, Function<String, TaskProgress> progress) {
    private static final Pattern LINE = Pattern.compile("line:([1-9][0-9]{0,8})");

    public LoadSummary load(GivenOptions options, ServerConfig config, LoadPlan plan, LoadListener listener)
            throws UsageException, StartException {
        if (options.get(CliOption.PULL_TIMEOUT).isPresent()) {
            throw new UsageException(
                    "--pull-timeout does not apply to a server; set pullTimeout in the server's configuration");
        }
        if (plan.archives().size() > 1 && options.get(CliOption.RESOLVE_REF).isPresent()) {
            throw new UsageException("--resolve-ref with --server takes one archive, and there are "
                    + plan.archives().size() + "; load them one by one");
        }
        var query = query(options, config);
        var sum = new SummedLoads(listener);
        if (!plan.lines().isEmpty()) {
            var list = plan.lines().stream().map(ListedLine::text).collect(Collectors.joining("\n", "", "\n"));
            try (var body = server.post("/cmd/load", query, list)) {
                read(body, sum, name -> place(name, plan.lines()));
            } catch (IOException e) {
                throw server.connectionFailure(e);
            }
        }
        for (var archive : plan.archives()) {
            var upload = ArchiveSender.of(server, archive, query);
            try (var body = upload.send(progress)) {
                read(body, sum, UnaryOperator.identity());
            } catch (IOException e) {
                throw server.connectionFailure(e);
            }
        }
        return sum.finish();
    }

    private static void read(InputStream body, LoadListener listener, UnaryOperator<String> names)
            throws IOException, StartException {
        var events = new LoadEvents(listener, names);
        try (var lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                events.accept(line);
            }
        } catch (IllegalArgumentException e) {
            throw new StartException("the answer of the server is not that of an ociregistry: " + e.getMessage(), e);
        }
        if (events.summary().isEmpty()) {
            throw new StartException(
                    "the server stopped before the end of the load; the same command resumes it", null);
        }
    }

    /** Adds the summaries of several loads. */
    private static final class SummedLoads implements LoadListener {
        private final LoadListener listener;
        private final List<LoadSummary> summaries = new ArrayList<>();

        SummedLoads(LoadListener listener) {
            this.listener = listener;
        }

        @Override
        public void started(String image) {
            listener.started(image);
        }

        @Override
        public void progressed(String image, long bytes, long received, long total) {
            listener.progressed(image, bytes, received, total);
        }

        @Override
        public void ended(LoadOutcome outcome) {
            listener.ended(outcome);
        }

        @Override
        public void finished(LoadSummary summary) {
            summaries.add(summary);
        }

        LoadSummary finish() {
            var all = new LoadSummary(
                    summaries.stream().mapToInt(LoadSummary::loaded).sum(),
                    summaries.stream().mapToInt(LoadSummary::alreadyCached).sum(),
                    summaries.stream().flatMap(each -> each.failed().stream()).toList(),
                    summaries.stream().flatMap(each -> each.notes().stream()).toList(),
                    summaries.stream().mapToLong(LoadSummary::bytes).sum(),
                    summaries.stream().map(LoadSummary::took).reduce(Duration.ZERO, Duration::plus));
            listener.finished(all);
            return all;
        }
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
        options.get(CliOption.RESOLVE_REF).ifPresent(value -> query.put("resolveRef", value));
        return query;
    }
}
