package io.ociregistry.registry;

/** Everything one running registry consists of, wired once. */
public final class RegistryContext implements AutoCloseable {
    @Override
    public void close() {}
}
