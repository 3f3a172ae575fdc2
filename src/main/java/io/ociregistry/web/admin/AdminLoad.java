package io.ociregistry.web.admin;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.admin.Admin;
import io.ociregistry.registry.load.LoadJson;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.registry.load.list.ImageList;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Body;
import io.ociregistry.web.api.LineStream;
import io.ociregistry.web.api.Query;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Loads the images that the request body lists, and reports the progress in lines. The load continues if the client
 * disconnects. The last line has the result, because the status is sent before the load ends.
 */
record AdminLoad(Admin admin, Supplier<LoadOptions> defaults) implements AdminRoute.Endpoint {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_PARALLEL = 64;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        LoadOptions options = options(Query.of(request.getQueryString()));
        LoadPlan plan = plan(request);
        LineStream lines = new LineStream();
        boolean json = AdminResponse.of(request) == AdminResponse.JSON;
        LoadListener listener = json ? new Json(lines) : new LoadText(lines);
        admin.load(plan, options, listener).whenComplete((summary, failure) -> {
            if (failure != null) {
                lines.add(json ? interrupted(failure) : "failed: " + reason(failure));
            }
            lines.end();
        });
        String contentType = json ? "application/x-ndjson" : "text/plain;charset=utf-8";
        return CompletableFuture.completedStage(Answer.ok(Map.of("Content-Type", contentType), new Body.Lines(lines)));
    }

    private static LoadPlan plan(HttpServletRequest request) {
        byte[] list = body(request);
        if (!ImageFile.isList(list)) {
            throw invalid("the body is not a list of images; to load an archive, stop the server and run"
                    + " ociregistry load --image-file FILE");
        }
        if (list.length > MAX_BYTES) {
            throw invalid("the list of images is larger than " + MAX_BYTES + " bytes; send it in parts");
        }
        LoadPlan plan = LoadPlan.of(ImageList.read("line", list));
        if (plan.lines().isEmpty()) {
            throw invalid("the body lists no image; send one image on a line, such as docker.io/library/alpine:3.20");
        }
        return plan;
    }

    private static byte[] body(HttpServletRequest request) {
        try {
            return request.getInputStream().readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw invalid("the list of images can't be read to its end: " + e.getMessage());
        }
    }

    private LoadOptions options(Query query) {
        LoadOptions configured = defaults.get();
        return new LoadOptions(
                given(query, "platform").map(Platforms::parse).orElse(configured.platforms()),
                given(query, "parallel").map(AdminLoad::parallel).orElse(configured.parallel()),
                given(query, "withReferrers").map(AdminLoad::isTrue).orElse(configured.withReferrers()),
                configured.pullTimeout(),
                configured.resolveRef());
    }

    private static Optional<String> given(Query query, String name) {
        return query.first(name).filter(value -> !value.isEmpty());
    }

    private static int parallel(String text) {
        int number = text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > MAX_PARALLEL) {
            throw invalid("parallel must be a number from 1 to " + MAX_PARALLEL);
        }
        return number;
    }

    private static boolean isTrue(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw invalid("withReferrers must be true or false");
        }
        return text.equals("true");
    }

    private static RegistryException invalid(String what) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, "invalid parameters: " + what);
    }

    private static String interrupted(Throwable failure) {
        return JSON.createObjectNode()
                .put("event", "interrupted")
                .put("reason", reason(failure))
                .toString();
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return String.valueOf(cause.getMessage());
    }

    /** Adds the lines that {@code load --json} prints. Progress lines may be dropped. */
    private static final class Json implements LoadListener {
        private final LoadJson all;
        private final LoadJson progress;

        Json(LineStream lines) {
            this.all = new LoadJson(lines::add);
            this.progress = new LoadJson(lines::addDroppable);
        }

        @Override
        public void started(String image) {
            all.started(image);
        }

        @Override
        public void progressed(String image, long bytes, long received, long total) {
            progress.progressed(image, bytes, received, total);
        }

        @Override
        public void ended(LoadOutcome outcome) {
            all.ended(outcome);
        }

        @Override
        public void finished(LoadSummary summary) {
            all.finished(summary);
        }
    }
}
