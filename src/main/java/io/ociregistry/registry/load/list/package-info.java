/**
 * Reads the files that name the images of a load.
 *
 * <p>Entry types: {@link ImageFile}, {@link LoadPlan}.
 *
 * <p>May import: nothing of this project.
 */
@NullMarked
package io.ociregistry.registry.load.list;

import org.jspecify.annotations.NullMarked;
