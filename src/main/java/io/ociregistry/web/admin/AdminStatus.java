package io.ociregistry.web.admin;

import io.ociregistry.metrics.TrafficHistory;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.admin.ServerStatus;
import io.ociregistry.registry.admin.UpstreamState;
import io.ociregistry.registry.load.PreloadStatus;
import io.ociregistry.web.api.Answer;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Answers with the status of the server: its disk, cache, upstreams, downloads in flight, and its traffic. */
record AdminStatus(Admin admin, TrafficHistory traffic) implements AdminRoute.Endpoint {
    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        AdminResponse form = AdminResponse.of(request);
        return admin.status().thenApply(status -> form.answer(form.bytes(status, AdminStatus::text)));
    }

    /** Answers with the traffic of the last hour. */
    CompletionStage<Answer> lastHour(HttpServletRequest request) {
        AdminResponse form = AdminResponse.of(request);
        byte[] body = form.bytes(traffic.lastHour(), AdminStatus::text);
        return CompletableFuture.completedStage(form.answer(body));
    }

    private static String text(TrafficHistory.Traffic traffic) {
        return traffic.minutes().stream()
                .map(minute -> "%s: %d requests, %d from the cache, %d bytes sent, %d bytes received\n"
                        .formatted(minute.time(), minute.requests(), minute.cached(), minute.sent(), minute.received()))
                .collect(Collectors.joining());
    }

    private static String text(ServerStatus status) {
        StringBuilder text = new StringBuilder();
        text.append("ociregistry %s, since %s (%s)%s\n"
                .formatted(
                        status.version(),
                        status.started(),
                        Duration.ofSeconds(status.uptimeSeconds())
                                .toString()
                                .substring(2)
                                .toLowerCase(Locale.ROOT),
                        status.airGapped() ? ", air-gapped" : ""));
        ServerStatus.Disk disk = status.disk();
        text.append("disk %s: %d bytes used, %d of %d free%s\n"
                .formatted(
                        disk.path(),
                        disk.used(),
                        disk.free(),
                        disk.total(),
                        (disk.readOnly() ? ", read-only" : "")
                                + (disk.warning() == null ? "" : ", warning: " + disk.warning())));
        text.append("cache: %d names, %d manifests, %d blobs%s\n"
                .formatted(
                        status.cache().names(),
                        status.cache().manifests(),
                        status.cache().blobs(),
                        status.cache().complete() ? "" : ", and more: its index is still being read"));
        PreloadStatus preload = status.preload();
        if (preload != null) {
            text.append("preload of %s: %s, %d images: %d done, %d failed\n"
                    .formatted(preload.files(), preload.state(), preload.total(), preload.done(), preload.failed()));
        }
        status.upstreams().forEach(upstream -> text.append(lines(upstream)));
        status.downloads().forEach(blob -> text.append(line(blob)));
        return text.toString();
    }

    private static String lines(UpstreamState upstream) {
        StringBuilder text = new StringBuilder("upstream " + upstream.registry() + ": " + upstream.state()
                + why(upstream.retrySeconds(), upstream.reason()) + "\n");
        for (UpstreamState.Source source : upstream.sources()) {
            text.append("  " + (source.mirror() ? "mirror " : "registry ") + source.url() + ": " + source.state());
            text.append(source.lastSuccess() == null ? ", no success yet" : ", last success " + source.lastSuccess());
            UpstreamState.Failure error = source.lastError();
            text.append(error == null ? "" : ", last error " + error.time() + ": " + error.text());
            text.append('\n');
        }
        return text.toString();
    }

    private static String why(@Nullable Long retrySeconds, @Nullable String reason) {
        String retry = retrySeconds == null ? "" : " (retry in " + retrySeconds + " s)";
        return retry + (reason == null ? "" : ": " + reason);
    }

    private static String line(ServerStatus.Download blob) {
        String images = blob.images().isEmpty() ? "" : " for " + String.join(", ", blob.images());
        return "download " + blob.digest() + " from " + blob.source() + images + ": " + blob.bytes() + " of "
                + (blob.size() == null ? "?" : blob.size()) + " bytes\n";
    }
}
