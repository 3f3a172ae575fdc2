/** Who may come in: passwords and tokens that clients show. */
@NullMarked
package io.ociregistry.access;

import org.jspecify.annotations.NullMarked;
