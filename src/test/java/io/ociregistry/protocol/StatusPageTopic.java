package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the status page. */
abstract class StatusPageTopic extends Topic {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");

    @ParameterizedTest
    @CsvSource({
        "/, text/html;charset=utf-8",
        "/status.css, text/css;charset=utf-8",
        "/status.js, text/javascript;charset=utf-8",
    })
    void fileHasTypeAndProtectingHeaders(String path, String type) throws IOException {
        Response answer = get(path);
        assertEquals(200, answer.status(), answer::toString);
        assertHeader(type, answer, "Content-Type");
        assertHeader("no-cache", answer, "Cache-Control");
        assertHeader("nosniff", answer, "X-Content-Type-Options");
        assertHeader("no-referrer", answer, "Referrer-Policy");
        String policy = answer.header("Content-Security-Policy");
        assertTrue(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';"), policy);
        assertTrue(policy.contains("form-action 'none'; base-uri 'none'; frame-ancestors 'none'"), policy);
        assertFalse(policy.contains("unsafe"), policy);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/status.css", "/status.js"})
    void headHasLengthAndNoBody(String path) throws IOException {
        int length = get(path).body().length;
        try (var http = connect()) {
            Response head = http.send("HEAD", path);
            assertEquals(200, head.status());
            assertHeader(String.valueOf(length), head, "Content-Length");
            assertEquals("{}", http.send("GET", "/v2/").text());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/status.css", "/status.js"})
    void unchangedFileIsNotSentAgain(String path) throws IOException {
        String tag = get(path).header("ETag");
        Response again = get(path, "If-None-Match: " + tag);
        assertEquals(304, again.status(), again::toString);
        assertHeader(tag, again, "ETag");
        assertEquals(200, get(path, "If-None-Match: \"another\"").status());
        assertNotEquals(tag, get(path.equals("/") ? "/status.js" : "/").header("ETag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE"})
    void otherMethodsAreRefused(String method) throws IOException {
        try (var http = connect()) {
            Response answer = http.send(method, "/", "Content-Length: 0");
            assertError(405, "UNSUPPORTED", answer);
            assertHeader("GET, HEAD", answer, "Allow");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/index.html", "/page/index.html", "/page/", "/status.html", "/favicon.ico"})
    void otherPathsStayUnknown(String path) throws IOException {
        assertError(404, "UNSUPPORTED", get(path));
    }

    /** Under a context path and behind a proxy that adds a prefix, only relative addresses work. */
    @Test
    void pageUsesRelativeAddressesOnly() throws IOException {
        var links = LINK.matcher(get("/").text())
                .results()
                .map((MatchResult link) -> link.group(1))
                .toList();
        assertTrue(links.contains("status.css") && links.contains("status.js"), links::toString);
        assertTrue(links.stream().noneMatch(link -> link.startsWith("/") || link.contains("//")), links::toString);
        String script = get("/status.js").text();
        assertFalse(script.contains("'/cmd") || script.contains("\"/cmd"), "an absolute address in the script");
    }

    @Test
    void scriptNeverMakesMarkupFromText() throws IOException {
        String script = get("/status.js").text();
        for (String sink : new String[] {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("}) {
            assertFalse(script.contains(sink), sink);
        }
        assertFalse(get("/").text().matches("(?s).*\\s(?:on[a-z]+|style)=.*"), "markup with a script or a style");
    }
}
