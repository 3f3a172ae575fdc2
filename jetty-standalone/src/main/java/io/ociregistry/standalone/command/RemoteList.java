package io.ociregistry.standalone.command;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.registry.admin.CachedImage;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.standalone.remote.RemoteServer;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Spliterators;
import java.util.stream.StreamSupport;

/** Lists the cache of a running server in the same formats as the cache on a disk. */
record RemoteList(RemoteServer server) {
    /** Ignores properties that a newer server adds. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    void print(GivenOptions options, ReferencePatterns patterns, ListPrinter printer, PrintStream out, PrintStream err)
            throws UsageException, StartException {
        if (options.has(CliOption.DIGESTS)) {
            throw new UsageException("--digests reads the disk; remove --server, a server may be running meanwhile");
        }
        Map<String, String> query = new HashMap<>(Map.of("count", "-1"));
        if (!patterns.isAll()) {
            query.put("pattern", patterns.toString());
        }
        try (var body = server.get(
                        "/cmd/manifest/list", query, warning -> err.println("ociregistry: warning: " + warning));
                MappingIterator<CachedImage> images =
                        JSON.readerFor(CachedImage.class).readValues(body)) {
            printer.print(StreamSupport.stream(Spliterators.spliteratorUnknownSize(images, 0), false), out);
        } catch (IOException e) {
            throw server.connectionFailure(e);
        }
    }
}
