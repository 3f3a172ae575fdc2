package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.TagList;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists that are much longer than the page that a client asks for. */
@Timeout(120)
class LongListsTest extends Scenario {
    private static final int MANY = 200_000;
    private static final Match TAGS = Match.of(Recorded.Kind.TAGS);
    private static final Match REFERRERS = Match.of(Recorded.Kind.REFERRERS);

    @Override
    protected String configuration() {
        return "timeouts:\n  answer: 3s\n  stall: 30s\n";
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 1000})
    void firstPageNeedsOnePageOfUpstream(int upstreamsPage) throws Exception {
        push(MANY);
        upstream.pagesOf(upstreamsPage);
        Gate second = upstream.hold(TAGS.asking("last="));

        Response first = get("/v2/app/tags/list?n=100");
        assertEquals(tags(0, 100), list(first));
        assertNull(first.header("Warning"));
        assertFalse(second.isReached());
        assertEquals(1, upstream.requests(TAGS).size());

        second.release();
        assertEquals(tags(100, 200), list(get(next(first))));
        assertEquals(2, upstream.requests(TAGS).size());
    }

    @Test
    void pageInTheMiddleNeedsOnePageOfUpstream() throws Exception {
        push(MANY);
        upstream.pagesOf(1000);
        assertEquals(tags(100_001, 100_101), list(get("/v2/app/tags/list?n=100&last=" + tag(100_000))));
        assertEquals(
                List.of("n=100&last=" + tag(100_000)),
                upstream.requests(TAGS).stream().map(Recorded::query).toList());
    }

    @Test
    void listReadPageByPageNeedsNoUpstreamLater() throws Exception {
        push(MANY);
        upstream.pagesOf(1000);
        assertEquals(tags(0, MANY), readAll("/v2/app/tags/list?n=1000"));
        assertEquals(MANY / 1000, upstream.requests(TAGS).size());

        upstream.refuseConnections();
        registry.restart();
        Response page = get("/v2/app/tags/list?n=3&last=" + tag(150_000));
        assertEquals(tags(150_001, 150_004), list(page));
        assertNotNull(page.header("Warning"));
        assertEquals(tags(150_004, 150_007), list(get(next(page))));
        assertEquals(tags(0, MANY), list(get("/v2/app/tags/list")));
    }

    @ParameterizedTest
    @CsvSource({"100, 1000", "500, 1000", "500, 500", "500, 7"})
    void listWithTokensIsReadToItsEnd(int upstreamsPage, int n) throws Exception {
        push(2000);
        upstream.pagesByToken(upstreamsPage);
        assertEquals(tags(0, 2000), readAll("/v2/app/tags/list?n=" + n));
    }

    @Test
    void wholeListIsReadIfUpstreamIgnoresLast() throws Exception {
        push(2000);
        upstream.pagesByToken(500);
        assertEquals(tags(701, 711), list(get("/v2/app/tags/list?n=10&last=" + tag(700))));
    }

    @Test
    void pagesBeforeFailedPageAreServed() throws Exception {
        push(2000);
        upstream.pagesOf(100);
        upstream.on(TAGS.asking("last=" + tag(599))).once(Fault.status(500));

        Response part = get("/v2/app/tags/list");
        assertEquals(tags(0, 600), list(part));
        assertTrue(part.header("Warning").contains("500"), part::toString);
        assertEquals(tags(600, 700), list(get(next(part))));

        upstream.forgetRequests();
        Response whole = get("/v2/app/tags/list");
        assertEquals(tags(0, 2000), list(whole));
        assertNull(whole.header("Warning"));
        assertNull(whole.header("Link"));
        assertEquals(14, upstream.requests(TAGS).size());
    }

    @Test
    void firstPagesAreServedWhileOthersArrive() throws Exception {
        push(2000);
        upstream.pagesOf(100);
        Gate seventh = upstream.hold(TAGS.asking("last=" + tag(599)));
        Response part = get("/v2/app/tags/list");
        assertEquals(tags(0, 600), list(part));
        assertNotNull(part.header("Warning"));
        assertNotNull(part.header("Link"));
        seventh.release();
        assertEquals(tags(0, 2000), list(get("/v2/app/tags/list")));
        // The held page may have been requested twice, because its connection had been used before.
        assertEquals(
                20,
                upstream.requests(TAGS).stream().map(Recorded::query).distinct().count());
    }

    @Test
    void failedPageIsRequestedAgainAlone() throws Exception {
        push(2000);
        upstream.pagesOf(100);
        upstream.on(TAGS.asking("last=" + tag(599))).once(Fault.status(500));
        List<String> read = new ArrayList<>();
        String page = "/v2/app/tags/list?n=100";
        for (int i = 0; i < 6; i++) {
            Response answer = get(page);
            read.addAll(list(answer));
            page = next(answer);
        }
        assertEquals(tags(0, 600), read);
        assertEquals(502, status(page));
        assertEquals(tags(600, 2000), readAll(page));
        assertEquals(21, upstream.requests(TAGS).size());
    }

    @Test
    void cachedTagsDoNotEndList() throws Exception {
        FakeImage image = upstream.image("app", "z").layer(10).push();
        assertEquals(200, status("/v2/app/manifests/z"));
        push(2000, image.digest());
        upstream.pagesOf(100);
        String second = next(get("/v2/app/tags/list?n=100"));
        upstream.refuseConnections();
        assertEquals(503, status(second));
    }

    @Test
    void pageIsServedFromStoredList() throws Exception {
        push(2000);
        upstream.pagesOf(1000);
        assertEquals(tags(0, 2000), list(get("/v2/app/tags/list")));
        upstream.refuseConnections();
        registry.restart();
        for (String path : List.of("/v2/app/tags/list?n=9", "/v2/app/tags/list?n=9&last=" + tag(8))) {
            Response answer = get(path);
            assertEquals(9, list(answer).size());
            assertNotNull(answer.header("Link"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"n=1&next=a%20b", "n=1&next=%23", "n=1&next=%0d%0aX:%20y"})
    void forgedLinkIsBadRequest(String query) throws Exception {
        push(1);
        assertEquals(400, status("/v2/app/tags/list?" + query));
        assertEquals(0, upstream.requests().size());
    }

    @Test
    void tooLongLinkIsReplacedByLastTag() throws Exception {
        push(2000);
        upstream.on(TAGS).once(new Fault.WrongLink("</v2/app/tags/list?token=" + "t".repeat(9000) + ">; rel=\"next\""));
        upstream.pagesOf(1000);
        assertEquals(tags(0, 2000), readAll("/v2/app/tags/list?n=1000"));
    }

    @Test
    void pageOfReferrersNeedsOnePageOfUpstream() throws Exception {
        Digest subject = refer(100);
        upstream.pagesOf(10);
        Gate second = upstream.hold(REFERRERS.asking("page=1"));
        Response first = get("/v2/app/referrers/" + subject + "?n=10&artifactType=a%2Fb");
        assertEquals(200, first.status());
        assertEquals(10, referrers(first));
        assertTrue(next(first).contains("artifactType=a%2Fb"), first::toString);
        assertFalse(second.isReached());
        second.release();
        int count = 10;
        for (String page = next(first); page != null; page = next(get(page))) {
            count += referrers(get(page));
        }
        assertEquals(100, count);
        upstream.refuseConnections();
        assertEquals(503, status("/v2/app/referrers/" + subject));
    }

    /** A client that takes a part for the whole list takes an image for unsigned. */
    @Test
    void incompleteReferrersAreNotServed() throws Exception {
        Digest subject = refer(100);
        upstream.pagesOf(10);
        upstream.on(REFERRERS.asking("page=6")).once(Fault.status(500));
        assertEquals(502, status("/v2/app/referrers/" + subject));
        assertEquals(100, referrers(get("/v2/app/referrers/" + subject)));
        assertEquals(11, upstream.requests(REFERRERS).size());
    }

    private void push(int count) {
        push(count, upstream.image("app").layer(10).push().digest());
    }

    private void push(int count, Digest digest) {
        IntStream.range(0, count).forEach(i -> upstream.tag("app", tag(i), digest));
    }

    private Digest refer(int count) {
        FakeImage image = upstream.image("app", "1").layer(10).push();
        for (int i = 0; i < count; i++) {
            upstream.referrer(
                    "app",
                    image.digest(),
                    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":1,\"artifactType\":\"a/b\","
                            + "\"digest\":\"" + Digest.of(("" + i).getBytes(StandardCharsets.UTF_8)) + "\"}");
        }
        return image.digest();
    }

    private static String tag(int number) {
        return String.format("tag-%06d", number);
    }

    private static List<String> tags(int from, int to) {
        return IntStream.range(from, to).mapToObj(LongListsTest::tag).toList();
    }

    /** Returns all tags, as read by a client that follows links. */
    private List<String> readAll(String path) throws IOException {
        List<String> read = new ArrayList<>();
        for (String page = path; page != null; ) {
            Response answer = get(page);
            read.addAll(list(answer));
            page = next(answer);
        }
        return read;
    }

    private static String next(Response answer) {
        String link = answer.header("Link");
        return link == null ? null : link.replaceAll("^<|>; rel=\"next\"$", "");
    }

    private static List<String> list(Response answer) throws IOException {
        assertEquals(200, answer.status(), answer::toString);
        return TagList.parse(answer.body()).tags();
    }

    private static int referrers(Response answer) throws IOException {
        return answer.text().split("\"digest\"", -1).length - 1;
    }

    /** Gets a path or a link; only links have the registry already. */
    @Override
    protected Response get(String path) throws IOException {
        boolean knows = path.contains("ns=");
        Response answer =
                RawHttp.get(registry.base(), path + (knows ? "" : (path.contains("?") ? "&" : "?") + "ns=r.example"));
        answer.body();
        return answer;
    }
}
