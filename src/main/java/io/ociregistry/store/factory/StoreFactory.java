package io.ociregistry.store.factory;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.store.Store;
import io.ociregistry.store.disk.StoreAccess;
import java.io.IOException;

/** Opens the store of a configuration: for a server, for a command that writes, or for one that only reads. */
public final class StoreFactory {
    private StoreFactory() {}

    /**
     * Opens the store for a server, and creates the store if there is none. The store is read-only if the disk is
     * read-only or full, or if this process may not write to it; see {@link io.ociregistry.store.StoreStatus#warning}.
     *
     * @param holder describes this process in the error messages of other processes
     * @throws Store.InUseException if another process writes to the store
     * @throws IOException if there is no store and none can be created; the message says why
     */
    public static Store open(ServerConfig config, String holder) throws IOException {
        return wire(StoreAccess.open(config.imagePath(), holder), config);
    }

    /**
     * Opens the store for a command that runs while no server does, perhaps as another user than the server. The owner
     * of the cache can read the files that the command writes.
     *
     * @throws IOException as {@link #open} does, and if this user can't give files to the owner of the cache; the
     *     message says what to do
     */
    public static Store openForCommand(ServerConfig config, String holder) throws IOException {
        return wire(StoreAccess.openForCommand(config.imagePath(), holder), config);
    }

    /**
     * Opens an existing store without the lock and without writing to it; a server may write to it meanwhile.
     *
     * @throws IOException if there is no store, or if this user may not read all of its directories, because the result
     *     would be incomplete; the message names the directory
     */
    public static Store openReadOnly(ServerConfig config) throws IOException {
        return wire(StoreAccess.openReadOnly(config.imagePath()), config);
    }

    /** Closes the access if the parts of the store can't be opened. */
    private static Store wire(StoreAccess access, ServerConfig config) {
        try {
            return new DiskStore(access, config);
        } catch (RuntimeException | Error e) {
            access.close();
            throw e;
        }
    }
}
