/** The files that name images, or hold them: what a load is given. Knows nothing of what becomes of them. */
@NullMarked
package io.ociregistry.imagefile;

import org.jspecify.annotations.NullMarked;
