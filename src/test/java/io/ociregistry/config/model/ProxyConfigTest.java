package io.ociregistry.config.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ProxyEnvironment;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Proxies of the configuration and of the environment. */
class ProxyConfigTest {
    private final Map<String, String> environment = new HashMap<>();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "http://proxy.example:3128 | proxy.example | 3128 | |",
                "HTTP://Proxy.Example:3128/ | proxy.example | 3128 | |",
                "proxy.example:3128 | proxy.example | 3128 | |",
                "http://proxy.example | proxy.example | 80 | |",
                "http://[fd00::1]:3128 | [fd00::1] | 3128 | |",
                "http://me:pa55@10.0.0.1:3128 | 10.0.0.1 | 3128 | me | pa55",
                "me:pa55@proxy:3128 | proxy | 3128 | me | pa55",
                "http://me@proxy:3128 | proxy | 3128 | me | ''",
                "http://m%40e:p%2f%3A+@:@proxy:3128 | proxy | 3128 | m@e | p/:+@:",
            })
    void proxyUrlIsParsed(String text, String host, int port, String user, String password) throws Exception {
        var auth = user == null ? AuthConfig.ANONYMOUS : AuthConfig.basic(user, password);
        var expected = new ProxyConfig.HttpProxy(host, port, auth, List.of());
        assertEquals(expected, proxy("'" + text + "'"));
        assertEquals(expected, proxy("{url: '" + text + "'}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "socks5://me:pa55@proxy:1080",
                "SOCKS5H://pa55@proxy:1080",
                "socks4a://pa55@proxy:1080",
                "https://me:pa55@proxy:3128",
                "ftp://me:pa55@proxy",
                "http://me:pa55@proxy:0",
                "http://me:pa55@proxy:99999",
                "http://me:pa55@proxy:x",
                "http://me:pa55@",
                "http://me:pa55%zz@proxy",
                "http://me:pa55@proxy/path",
                "http://me:pa55@pro xy",
                "http://pa55:://",
            })
    void invalidProxyUrlIsRefusedAndNotQuoted(String text) {
        for (var yaml : List.of("'" + text + "'", "{url: '" + text + "'}")) {
            var problem = problems(yaml);
            assertTrue(problem.startsWith("c.yaml:3: registries[0].proxy"), problem);
            assertEquals(text.toLowerCase(Locale.ROOT).startsWith("socks"), problem.contains("SOCKS"), problem);
            assertFalse(problem.contains("pa55"), problem);
        }
        environment.put("https_proxy", text);
        var problem = problems("none");
        assertTrue(problem.startsWith("the environment variable https_proxy "), problem);
        assertFalse(problem.contains("pa55"), problem);
    }

    @Test
    void proxyAccountAndExceptionsAreRead() throws Exception {
        environment.put("PW", "pa55");
        assertEquals(
                new ProxyConfig.HttpProxy(
                        "p", 3128, AuthConfig.basic("me", "pa55"), List.of("corp.example", "10.0.0.0/8")),
                proxy("{url: 'http://p:3128', user: me, passwordFromEnv: PW, noProxy: [corp.example, 10.0.0.0/8]}"));
        assertEquals(
                new ProxyConfig.HttpProxy("p", 3128, new AuthConfig.AccountWithFile("me", Path.of("/pw")), List.of()),
                proxy("{url: 'http://p:3128', user: me, passwordFile: /pw}"));
        assertEquals(ProxyConfig.NONE, proxy("none"));
        assertEquals(ProxyConfig.FROM_ENVIRONMENT, proxy(""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{user: me, password: x} | proxy.url: is missing",
                "{url: 'http://p', user: me} | proxy.user: has no password",
                "{url: 'http://p', password: x} | proxy.password: has no user",
                "{url: 'http://a:b@p', user: me, password: x} | proxy.user: is set in url too",
                "{url: 'http://p', noProxy: [10.0.0.0/33]} | proxy.noProxy[0]: '10.0.0.0/33' is not a host",
                "{url: 'http://p', noProxy: ['a,b']} | proxy.noProxy[0]: 'a,b' is not a host",
                "{url: 'http://p', noProxy: 'a'} | proxy.noProxy: is a scalar",
                "{uri: 'http://p'} | proxy.uri: unknown key; did you mean url?",
                "[] | proxy: is a sequence",
            })
    void invalidProxyIsReported(String yaml, String problem) {
        assertTrue(problems(yaml).contains("registries[0]." + problem), problems(yaml));
    }

    @Test
    void lowerCaseVariableTakesPrecedence() throws Exception {
        environment.put("http_proxy", "http://lower:1");
        environment.put("HTTP_PROXY", "http://upper:2");
        environment.put("https_proxy", " ");
        environment.put("HTTPS_PROXY", "http://upper:3");
        environment.put("NO_PROXY", " corp.example,10.0.0.0/8  x:1 ");
        var read = load("").proxyEnvironment();
        var direct = List.of("localhost", "127.0.0.0/8", "[::1]", "corp.example", "10.0.0.0/8", "x:1");
        assertEquals(new ProxyConfig.HttpProxy("lower", 1, AuthConfig.ANONYMOUS, direct), read.http());
        assertEquals(new ProxyConfig.HttpProxy("upper", 3, AuthConfig.ANONYMOUS, direct), read.https());
    }

    @Test
    void proxyPasswordIsNotPrinted() throws Exception {
        assertEquals(ProxyEnvironment.NONE, load("").proxyEnvironment());
        environment.put("http_proxy", "http://me:pa55@lower:1");
        var config = load("registries:\n- name: r.example\n  proxy: 'http://me:pa55@p:1'\n");
        var printed = config.toString() + config.proxyEnvironment() + config.registries();
        assertFalse(printed.contains("pa55"), printed);
        assertTrue(printed.contains("lower"), printed);
    }

    private ProxyConfig proxy(String yaml) throws ConfigException {
        return load(entry(yaml)).registries().get(0).proxy();
    }

    private String problems(String yaml) {
        return String.join(
                "\n",
                assertThrows(ConfigException.class, () -> load(entry(yaml))).problems());
    }

    private static String entry(String yaml) {
        return "registries:\n- name: r.example\n  proxy: " + yaml + "\n";
    }

    private ServerConfig load(String yaml) throws ConfigException {
        return new ConfigLoader(name -> Optional.ofNullable(environment.get(name)))
                .parse(yaml, "c.yaml", Overrides.none())
                .config();
    }
}
