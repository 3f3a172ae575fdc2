package io.ociregistry.web.admin;

import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.web.api.LineStream;

/** Reports a load in lines of text. The last line starts with {@code ok} or {@code failed}. */
record LoadText(LineStream lines) implements LoadListener {
    @Override
    public void started(String image) {
        lines.add("loading " + image);
    }

    @Override
    public void progressed(String image, long bytes, long received, long total) {
        lines.addDroppable(image + ": " + bytes + " of " + total + " bytes");
    }

    @Override
    public void ended(LoadOutcome outcome) {
        if (outcome instanceof Loaded loaded) {
            lines.add("loaded " + loaded.image() + ": " + loaded.bytes() + " bytes");
        } else if (outcome instanceof AlreadyCached there) {
            lines.add("already there: " + there.image());
        } else if (outcome instanceof Failed failed) {
            lines.add("not loaded: " + failed.image() + ": " + failed.reason());
        }
    }

    @Override
    public void finished(LoadSummary summary) {
        summary.notes().forEach(note -> lines.add("note: " + note));
        lines.add((summary.isComplete() ? "ok: " : "failed: ") + summary.loaded() + " loaded, "
                + summary.alreadyCached() + " already there, "
                + summary.failed().size() + " failed; "
                + summary.bytes() + " bytes");
    }
}
