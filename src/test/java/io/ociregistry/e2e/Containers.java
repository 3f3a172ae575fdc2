package io.ociregistry.e2e;

/** The ways to run the registry. */
enum Containers {
    FAT_JAR {
        @Override
        Container start(Configuration configuration) {
            return FatJar.start(configuration);
        }
    },
    TOMCAT_10 {
        @Override
        Container start(Configuration configuration) {
            return Tomcat.DEBIAN_10.start(configuration);
        }
    },
    TOMCAT_10_UNDER_A_CONTEXT_PATH {
        @Override
        Container start(Configuration configuration) {
            return Tomcat.DEBIAN_10.start(configuration, "registry");
        }
    },
    TOMCAT_11 {
        @Override
        Container start(Configuration configuration) {
            return Tomcat.STOCK_11.start(configuration);
        }
    },
    JETTY_HOME {
        @Override
        Container start(Configuration configuration) {
            return JettyHome.start(configuration);
        }
    };

    abstract Container start(Configuration configuration);
}
