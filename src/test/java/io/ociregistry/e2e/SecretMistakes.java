package io.ociregistry.e2e;

import java.util.List;

/** A configuration with mistakes next to a secret, or with a secret in the wrong place. */
final class SecretMistakes {
    private static final List<String> REGISTRIES = List.of(
            "endpoint: 'https://robot:SECRET@127.0.0.1'",
            "endpoint: 'https://127.0.0.1/?token=SECRET'",
            "auth: {user: robot, password:SECRET}",
            "auth: 'robot:SECRET'",
            "auth: {token: 'SECRET'}",
            "auth: {token: {static: ['SECRET']}}",
            "auth: {token: {provider: 'SECRET'}}",
            "auth: {token: {provider: ecr, providerOpts: 'SECRET'}}",
            "auth: {user: robot, password: {x: 'SECRET'}}",
            "auth: {user: robot, passwordFromEnv: '+SECRET'}",
            "auth: {user: robot, password: x, realm: 'https://robot:SECRET@x/token'}",
            "auth: {credentialHelper: '/SECRET'}",
            "auth: {password: 'SECRET'}",
            "auth: {user: robot, password: 'SECRET', dockerConfig: /x, passwordFile: /y}",
            "proxy: 'https://robot:SECRET@x'",
            "proxy: {url: 'http://robot:SECRET@x', user: robot, password: 'SECRET'}",
            "mirrors: ['https://robot:SECRET@x']",
            "mirrors: [{url: 'https://robot:SECRET@x'}]",
            "tls: {keyPassword: 'SECRET'}",
            "tls: {keyPasswordFromEnv: '-SECRET', key: x}",
            "aliases: ['robot:SECRET@x']",
            "scheme: 'https://robot:SECRET@x'");

    private SecretMistakes() {}

    static String yaml(Secrets secrets) {
        StringBuilder yaml = new StringBuilder();
        for (String entry : REGISTRIES) {
            String secret = secrets.token(entry);
            yaml.append("- name: r%d.example\n  %s\n"
                    .formatted(REGISTRIES.indexOf(entry), entry.replace("SECRET", secret)));
        }
        return """
                registries:
                - name: 'robot:%s@x'
                %sclients: {token: {x: '%s'}}
                serverTlsConfig: {keyPassword: '%s'}
                defaultNs: 'robot:%s@x'
                """.formatted(
                        secrets.token("a name"),
                        yaml,
                        secrets.token("clients.token"),
                        secrets.token("serverTlsConfig.keyPassword"),
                        secrets.token("defaultNs"));
    }
}
