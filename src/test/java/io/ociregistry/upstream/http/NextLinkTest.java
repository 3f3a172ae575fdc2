package io.ociregistry.upstream.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.apache.hc.core5.http.message.BasicHttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NextLinkTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "</v2/app/tags/list?n=2&last=b>; rel=\"next\"",
                "<?n=2&last=b>;rel=next",
                "<https://elsewhere.example/any/path?n=2&last=b> ; REL = \"prev NEXT\"",
                "</first?x=1>; rel=first, <?n=2&last=b>; rel=next",
                "<?n=2&last=b>; title=\"to the end, <if any>; rel=last\"; rel=next",
                "</x?y>; title=\"a, </b?c>; rel=next\", <?n=2&last=b>; rel=next",
                "</x?y>; title=\"a \\\"; rel=next; \", <?n=2&last=b>; rel=next",
                "no link, <?n=2&last=b>; rel=next"
            })
    void findsQueryOfNextPage(String link) {
        assertEquals(Optional.of("n=2&last=b"), query(link));
    }

    @Test
    void findsLinkInAnyHeader() {
        assertEquals(Optional.of("n=2"), query("</a?b>; rel=prev", "", "</c?n=2>; rel=next"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",;,",
                "</v2/app/tags/list?n=2>",
                "</v2/app/tags/list?n=2>; rel",
                "</v2/app/tags/list?n=2>; rel=\"prev\"",
                "</v2/app/tags/list?n=2>; rel=nextpage",
                "</v2/app/tags/list?n=2>; title=\"x; rel=next\"",
                "</v2/app/tags/list?n=2>; title=\"never ends; rel=next"
            })
    void pageWithoutNextLinkIsTheLast(String link) {
        assertEquals(Optional.empty(), query(link));
    }

    /** Ignoring such a link would truncate the list. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "<x; rel=\"next\"",
                "<",
                "<>; rel=next",
                "</v2/app/tags/list>; rel=next",
                "</v2/app/tags/list?>; rel=next",
                "<?a=%zz>; rel=next",
                "<:?a>; rel=next"
            })
    void rejectsInvalidNextLink(String link) {
        assertThrows(IllegalArgumentException.class, () -> query(link));
    }

    @Test
    void parsesVeryLongHeader() {
        String many = "<?n=2>" + "; a=\"\\\"b\"".repeat(100_000);
        assertEquals(Optional.empty(), query(many));
        assertEquals(Optional.of("n=2"), query(many + "; rel=next"));
    }

    private static Optional<String> query(String... links) {
        BasicHttpResponse response = new BasicHttpResponse(200);
        for (String link : links) {
            response.addHeader("Link", link);
        }
        return NextLink.query(response);
    }
}
