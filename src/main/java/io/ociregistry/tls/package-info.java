/** Keys and certificates as they stand in files, for whoever shows or checks them. */
@NullMarked
package io.ociregistry.tls;

import org.jspecify.annotations.NullMarked;
