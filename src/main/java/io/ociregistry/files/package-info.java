/** Files that operators replace while the server runs, and whom files belong to. */
@NullMarked
package io.ociregistry.files;

import org.jspecify.annotations.NullMarked;
