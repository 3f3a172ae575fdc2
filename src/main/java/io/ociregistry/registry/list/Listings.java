package io.ociregistry.registry.list;

import io.ociregistry.common.Futures;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.TagList;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.store.ListName;
import java.util.concurrent.CompletionStage;

/**
 * The lists of tags and referrers of repositories; thread-safe.
 *
 * <p>No method waits; stages fail with {@link io.ociregistry.oci.RegistryException}.
 */
public final class Listings {
    private final RecordWatcher watcher;
    private final ListService<ListName.Tags, TagList> tags;
    private final ListService<ListName.Referrers, ReferrerList> referrers;

    public Listings(
            RecordWatcher watcher,
            ListService<ListName.Tags, TagList> tags,
            ListService<ListName.Referrers, ReferrerList> referrers) {
        this.watcher = watcher;
        this.tags = tags;
        this.referrers = referrers;
    }

    /** Applies a changed configuration; clears the negative caches. */
    public void reload(ServerConfig config) {
        tags.reload(config.cache().negativeTtl());
        referrers.reload(config.cache().negativeTtl());
    }

    public CompletionStage<ListResult<TagList>> tags(Repository repository, ListPage page) {
        return Futures.captureFailure(() -> watcher.whenReady(() -> tags.get(new ListName.Tags(repository), page)));
    }

    public CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject, ListPage page) {
        // The parameter "last" is ignored, because referrers have no order.
        ListPage asked = page.size() == 0 ? ListPage.ALL : new ListPage(page.size(), "", page.next());
        return Futures.captureFailure(
                () -> watcher.whenReady(() -> referrers.get(new ListName.Referrers(repository, subject), asked)));
    }
}
