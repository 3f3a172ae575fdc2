package io.ociregistry.web.admin;

import io.ociregistry.config.ServerConfig.LogLevel;
import io.ociregistry.logging.Logging;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Query;
import io.ociregistry.web.send.TrustedProxies;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets the level of the log until the next restart or reload. */
record AdminLogLevel(TrustedProxies proxies) implements AdminRoute.Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(AdminLogLevel.class);

    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        String wanted = Query.of(request.getQueryString()).first("level").orElse("");
        LogLevel level = Arrays.stream(LogLevel.values())
                .filter(each -> each.name().equalsIgnoreCase(wanted))
                .findFirst()
                .orElseThrow(() -> new RegistryException(
                        ErrorCode.REQUEST_INVALID,
                        "the log level was not set: the parameter level must be debug, info, warn or error"));
        String name = level.name().toLowerCase(Locale.ROOT);
        LOG.warn("log level {} set by a request of {}", name, proxies.describe(request));
        Logging.setLevel(level);
        AdminResponse form = AdminResponse.of(request);
        byte[] body = form.bytes(
                Map.of("level", name), unused -> "log level: " + name + ", until the next restart or reload\n");
        return CompletableFuture.completedStage(form.answer(body));
    }
}
