package io.ociregistry.registry.admin;

/**
 * A source of a registry that is probed because it was down.
 *
 * @param url the base URL of the registry itself or of a mirror
 */
public record ProbedSource(String registry, String url) {}
