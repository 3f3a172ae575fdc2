package io.ociregistry.web.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactedQueryTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ns=quay.io&n=5&last=1.0 | ns=quay.io&n=5&last=1.0",
                "ns=user:pass%40host | ns=***",
                "token=geheim&ns=quay.io | token=***&ns=quay.io",
                "geheim | ***",
                "type=pattern&expr=%5Equay.io/(a,b):1.*$&dryRun=false&count=-1"
                        + " | type=pattern&expr=%5Equay.io/(a,b):1.*$&dryRun=false&count=-1",
                "type=accessed&dur=30d | type=accessed&dur=30d",
                "platform=linux/amd64,linux/arm64/v8&parallel=4 | platform=linux/amd64,linux/arm64/v8&parallel=4",
                "type=a b | type=***",
                "dryRun=false/x | dryRun=***",
            })
    void onlyParametersOfTheApiAreLogged(String query, String logged) {
        assertEquals(logged, RedactedQuery.of(query));
    }
}
