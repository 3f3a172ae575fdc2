package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded.Kind;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of the tags of a repository. */
abstract class TagsListTopic extends Topic {
    private static final List<String> NAMED = List.of("Content-Type", "Content-Length", "Link", "Warning");

    @Test
    void allTagsAreListedInByteOrderUnderClientsName() throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "b", "A", "10", "9", "_");
        Response answer = get(list(name, "ns=docker.io"));
        assertEquals(200, answer.status());
        assertHeader("application/json", answer, "Content-Type");
        assertHeader(null, answer, "Link");
        assertHeader(null, answer, "Warning");
        assertEquals(body(name, "10", "9", "A", "_", "b"), answer.text());
        assertEquals(
                body("docker.io/" + name, "10", "9", "A", "_", "b"),
                get(list("docker.io/" + name, "")).text());
    }

    @Test
    void headHasHeadersOfGet() throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "1", "2", "3");
        for (String query : List.of("ns=docker.io", "ns=docker.io&n=2")) {
            Response got = get(list(name, query));
            Response head = head(list(name, query));
            assertEquals(200, head.status());
            NAMED.forEach(header -> assertHeader(got.header(header), head, header));
        }
    }

    @Test
    void concurrentClientsCauseOneUpstreamRequest() throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "1", "2", "3");
        get(list(name, "ns=docker.io&n=1"));
        get(list(name, "ns=docker.io&n=1&last=1"));
        get(list(name, "ns=docker.io"));
        assertEquals(
                List.of("n=1000"),
                hub().requests(Match.of(Kind.TAGS).in(name)).stream()
                        .map(request -> request.query())
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({
        "n=2, '1 2'",
        "n=4, '1 2 3 4'",
        "n=99999999999999999999, '1 2 3 4'",
        "n=, '1 2 3 4'",
        "n=0, ''",
        "last=2, '3 4'",
        "last=20, '3 4'",
        "last=4, ''",
        "last=x, ''",
        "n=1&last=1, '2'",
        "last=%32&n=1, '3'"
    })
    void pageHasRequestedTags(String query, String expected) throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "1", "2", "3", "4");
        String[] tags = expected.isEmpty() ? new String[0] : expected.split(" ");
        assertEquals(body(name, tags), get(list(name, "ns=docker.io&" + query)).text());
    }

    @Test
    void linkToNextPageKeepsAddressOfRequest() throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "1", "2", "3");
        String prefix = stage().base().getRawPath().replaceAll("/+$", "");
        for (String way : List.of(name + "?ns=docker.io", name + "?ns=mirror.example%3A5000", "docker.io/" + name)) {
            String path = way.replaceAll("\\?.*", "");
            String ns = way.contains("?") ? way.replaceAll(".*\\?", "&") : "";
            Response first = get(list(path, "n=2" + ns));
            assertHeader(
                    "<" + prefix + "/v2/" + path + "/tags/list?n=2&last=2" + ns + ">; rel=\"next\"", first, "Link");
            String next = first.header("Link").replaceAll("^<" + prefix + "|>.*$", "");
            Response second = get(next);
            assertEquals(body(path, "3"), second.text());
            assertHeader(null, second, "Link");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"n=0", "n=3", "n=2&last=1", "last=1"})
    void lastPageHasNoLink(String query) throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "1", "2", "3");
        assertHeader(null, get(list(name, "ns=docker.io&" + query)), "Link");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n=x", "n=-1", "n=1.5", "n=%31%", "last=%"})
    void invalidPageParameterIsBadRequest(String query) throws IOException {
        String name = unique() + "/app";
        tag(hub(), name, "1");
        assertError(400, "UNSUPPORTED", get(list(name, "ns=docker.io&" + query)));
        assertEquals(0, hub().requests(Match.repository(name)).size());
    }

    @Test
    void pagesOfUpstreamBecomeOneList() throws IOException {
        Stage.Spare spare = stage().spare();
        tag(spare.upstream().pagesOf(2), "app", "1", "2", "3", "4", "5");
        assertEquals(
                body("app", "1", "2", "3", "4", "5"),
                get(list("app", "ns=" + spare.name())).text());
        assertEquals(3, spare.upstream().requests(Match.of(Kind.TAGS)).size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<https://internal.invalid:5000/other/v2/app/tags/list?n=1000&last=1>; rel=\"next\"",
                "<?last=1>;rel=next",
                "</v2/>; rel=\"first\", </v2/app/tags/list?last=1>; title=\"a, b\"; REL = \"prev next\""
            })
    void onlyQueryOfUpstreamLinkIsUsed(String link) throws IOException {
        Stage.Spare spare = stage().spare();
        tag(spare.upstream(), "app", "1", "2");
        spare.upstream().on(Match.of(Kind.TAGS)).once(new Fault.WrongLink(link));
        assertEquals(
                body("app", "1", "2"), get(list("app", "ns=" + spare.name())).text());
        assertTrue(spare.upstream().requests(Match.of(Kind.TAGS)).get(1).query().endsWith("last=1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"</v2/app/tags/list?n=1000>; rel=\"next\"", "<>; rel=\"next\"", "<a b?c>; rel=\"next\""})
    void endlessListIsBadAnswer(String link) throws IOException {
        Stage.Spare spare = stage().spare();
        tag(spare.upstream(), "app", "1");
        spare.upstream().on(Match.of(Kind.TAGS)).always(new Fault.WrongLink(link));
        assertError(502, "UNKNOWN", get(list("app", "ns=" + spare.name())));
    }

    @Test
    void missingRepositoryIsUnknown() throws IOException {
        assertError(404, "NAME_UNKNOWN", get(list(unique() + "/app", "ns=docker.io")));
    }

    @ParameterizedTest
    @CsvSource({"401, 403, DENIED", "403, 403, DENIED", "405, 502, UNKNOWN", "503, 502, UNKNOWN"})
    void upstreamErrorIsNotCachedAsList(int status, int ours, String code) throws IOException {
        Stage.Spare spare = stage().spare();
        tag(spare.upstream(), "app", "1");
        spare.upstream().on(Match.of(Kind.TAGS)).always(Fault.status(status));
        assertError(ours, code, get(list("app", "ns=" + spare.name())));
        spare.upstream().heal();
        assertEquals(body("app", "1"), get(list("app", "ns=" + spare.name())).text());
    }

    @Test
    void rateLimitOfUpstreamIsNotCachedAsList() throws IOException {
        Stage.Spare spare = stage().spare();
        tag(spare.upstream(), "app", "1");
        spare.upstream().on(Match.of(Kind.TAGS)).always(Fault.status(429));
        Response limited = get(list("app", "ns=" + spare.name()));
        assertError(429, "TOOMANYREQUESTS", limited);
        assertHeader("60", limited, "Retry-After");
    }

    @Test
    void htmlPageIsBadAnswer() throws IOException {
        Stage.Spare spare = stage().spare();
        spare.upstream().on(Match.of(Kind.TAGS)).always(new Fault.Html());
        assertError(502, "UNKNOWN", get(list("app", "ns=" + spare.name())));
    }

    @Test
    void cachedTagsAreListedWithWarningWhenUpstreamIsDown() throws IOException {
        Stage.Spare spare = stage().spare();
        push(spare.upstream(), "app");
        get(manifestPath("app", "1", spare.name()));
        spare.upstream().refuseConnections();
        Response answer = get(list("app", "ns=" + spare.name()));
        assertEquals(body("app", "1"), answer.text());
        assertTrue(answer.header("Warning").startsWith("299 - \""), answer::toString);
        assertError(503, "UNAVAILABLE", get(list("other", "ns=" + spare.name())));
    }

    private static String list(String name, String query) {
        return "/v2/" + name + "/tags/list" + (query.isEmpty() ? "" : "?" + query);
    }

    private static String body(String name, String... tags) {
        String quoted = tags.length == 0 ? "" : "\"" + String.join("\",\"", tags) + "\"";
        return "{\"name\":\"" + name + "\",\"tags\":[" + quoted + "]}";
    }

    private static void tag(FakeUpstream upstream, String repository, String... tags) {
        for (String tag : tags) {
            upstream.tag(repository, tag, push(upstream, repository).digest());
            if (!List.of(tags).contains("1")) {
                upstream.untag(repository, "1");
            }
        }
    }
}
