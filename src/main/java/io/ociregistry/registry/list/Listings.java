package io.ociregistry.registry.list;

import io.ociregistry.common.Futures;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.TagList;
import io.ociregistry.registry.Registry;
import io.ociregistry.registry.catalog.RecordWatcher;
import io.ociregistry.store.ListName;
import java.util.concurrent.CompletionStage;

/**
 * What repositories have, as far as it can be listed. Like those of the {@link Registry}, the stages here never wait, and fail with {@link
 * io.ociregistry.oci.RegistryException}.
 */
public final class Listings {
    private final RecordWatcher discovery;
    private final ListService<ListName.Tags, TagList> tags;
    private final ListService<ListName.Referrers, ReferrerList> referrers;

    public Listings(
            RecordWatcher discovery,
            ListService<ListName.Tags, TagList> tags,
            ListService<ListName.Referrers, ReferrerList> referrers) {
        this.discovery = discovery;
        this.tags = tags;
        this.referrers = referrers;
    }

    /** Goes on by another configuration. */
    public void reload(ServerConfig config) {
        tags.reload(config.cache().negativeTtl());
        referrers.reload(config.cache().negativeTtl());
    }

    /** A page of the tags of a repository. */
    public CompletionStage<ListResult<TagList>> tags(Repository repository, ListPage page) {
        return Futures.failing(() -> discovery.whenReady(() -> tags.get(new ListName.Tags(repository), page)));
    }

    /** A page of what refers to a manifest of that repository. */
    public CompletionStage<ListResult<ReferrerList>> referrers(Repository repository, Digest subject, ListPage page) {
        // Digests have no order that "last" could mean.
        ListPage asked = page.size() == 0 ? ListPage.ALL : new ListPage(page.size(), "", page.next());
        return Futures.failing(
                () -> discovery.whenReady(() -> referrers.get(new ListName.Referrers(repository, subject), asked)));
    }
}
