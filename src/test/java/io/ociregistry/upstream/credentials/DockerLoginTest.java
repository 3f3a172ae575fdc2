package io.ociregistry.upstream.credentials;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.common.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries of a {@code config.json} as docker, podman and kubectl write them. The base64 is {@code me:pa55:word}. */
class DockerLoginTest {
    private static final Optional<Credentials> ME = Optional.of(new Credentials.Account("me", new Secret("pa55:word")));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'auths':{'r.example:5000':{'auth':'bWU6cGE1NTp3b3Jk'}}}",
                "{'auths':{'https://r.example:5000':{'auth':'bWU6cGE1NTp3b3Jk'}}}",
                "{'auths':{'https://r.example:5000/v1/':{'auth':'bWU6cGE1NTp3b3Jk'}}}",
                "{'auths':{'R.Example:5000/v2/':{'auth':'bWU6cGE1NTp3b3Jk','email':'x'}}}",
                "{'auths':{'r.example:5000':{'username':'me','password':'pa55:word'}},'HttpHeaders':{}}",
                "{'auths':{'r.example':{'auth':'eDp5'},'r.example:5000':{'auth':'bWU6cGE1NTp3b3Jk'}}}",
            })
    void accountIsFoundByItsServer(String file) {
        assertEquals(new DockerLogin(Optional.empty(), ME), read(file, "r.example:5000"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'auths':{}}",
                "{'auths':{'r.example':{'auth':'bWU6cGE1NTp3b3Jk'}}}",
                "{'auths':{'r.example:5000/team':{'auth':'bWU6cGE1NTp3b3Jk'}}}",
                "{'auths':{'r.example:5000':{}}}",
                "{'auths':{'other.example':{'auth':'?'}}}",
                "{'auths':[],'credHelpers':7}",
            })
    void otherServersHaveNoCredentials(String file) {
        assertEquals(new DockerLogin(Optional.empty(), Optional.empty()), read(file, "r.example:5000"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://index.docker.io/v1/", "docker.io", "index.docker.io", "https://registry-1.docker.io"})
    void dockerHubHasSeveralNames(String key) {
        assertEquals(
                ME,
                read("{'auths':{'" + key + "':{'auth':'bWU6cGE1NTp3b3Jk'}}}", DockerLogin.DOCKER_HUB)
                        .stored());
    }

    @Test
    void identityAndRegistryTokensPrecedeThePassword() {
        assertEquals(
                Optional.of(new Credentials.IdentityToken("me", new Secret("r3fresh"))),
                read("{'auths':{'r':{'auth':'bWU6','identitytoken':'r3fresh'}}}", "r")
                        .stored());
        assertEquals(
                Optional.of(new Credentials.IdentityToken("", new Secret("r3fresh"))),
                read("{'auths':{'r':{'identitytoken':'r3fresh'}}}", "r").stored());
        assertEquals(
                Optional.of(new Credentials.RegistryToken(new Secret("t0ken"))),
                read("{'auths':{'r':{'auth':'bWU6cGE1NTp3b3Jk','registrytoken':'t0ken'}}}", "r")
                        .stored());
    }

    @Test
    void helperOfTheServerPrecedesTheCommonStore() {
        String file = "{'credsStore':'pass','credHelpers':{'r.example':'ecr-login'}}";
        assertEquals(Optional.of("ecr-login"), read(file, "r.example").helper());
        assertEquals(Optional.of("pass"), read(file, "other.example").helper());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{'auths':{'r':{'auth':'pa55word",
                "{'auths':{'r':{'auth':'pa55word'}}}",
                "{'auths':{'r':{'auth':'cGE1NXdvcmQ='}}}",
                "{'credsStore':'../../bin/pa55word'}",
                "{'credHelpers':{'r':'pa55 word'}}",
            })
    void unusableFileIsReportedWithoutQuotes(String file) {
        IllegalArgumentException failed = assertThrows(IllegalArgumentException.class, () -> read(file, "r"));
        assertFalse(failed.getMessage().contains("pa55"), failed.getMessage());
        assertFalse(failed.getMessage().contains("cGE1"), failed.getMessage());
    }

    private static DockerLogin read(String file, String server) {
        return DockerLogin.of(file.replace('\'', '"').getBytes(StandardCharsets.UTF_8), server);
    }
}
