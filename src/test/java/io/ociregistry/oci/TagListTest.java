package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TagListTest {
    @Test
    void tagsAreSortedUniqueAndValid() {
        TagList list = parse("{\"name\":\"x\",\"tags\":[\"b\",\"B\",\"10\",\"9\",\"b\",\".x\",\"a"
                + " b\",\"\\u0000\",\"\",7,null,{},[]]}");
        assertEquals(List.of("10", "9", "B", "b"), list.tags());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"name\":\"x\",\"tags\":[]}", "{\"tags\":null}"})
    void listMayBeEmpty(String json) {
        assertEquals(TagList.EMPTY, parse(json));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{\"tags\":{}}",
                "{\"tags\":\"a\"}",
                "{\"tags\":[\"a\"",
                "{\"tags\":[]}x",
                "<html>"
            })
    void invalidListIsBadAnswer(String json) {
        assertEquals(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                assertThrows(RegistryException.class, () -> parse(json)).code());
    }

    @Test
    void listIsWrittenAsSpecified() {
        TagList list = new TagList(List.of("2", "1"));
        assertEquals(
                "{\"name\":\"a/b\",\"tags\":[\"1\",\"2\"]}", new String(list.toJson("a/b"), StandardCharsets.UTF_8));
        assertEquals(list, TagList.parse(list.toJson("a/b")));
    }

    private static TagList parse(String json) {
        return TagList.parse(json.getBytes(StandardCharsets.UTF_8));
    }
}
