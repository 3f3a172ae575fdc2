/** Files that operators replace while the server runs. */
@NullMarked
package io.ociregistry.files;

import org.jspecify.annotations.NullMarked;
