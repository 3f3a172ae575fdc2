package io.ociregistry.registry.blob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Blobs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class DownloadsTest {
    private static final byte[] CONTENT = "the content of a blob".getBytes(StandardCharsets.US_ASCII);
    private static final Digest DIGEST = Digest.of(CONTENT);
    private static final Repository SOURCE = new Repository(RegistryName.parse("quay.io"), "team/app");
    private static final Downloads.Key KEY = new Downloads.Key(DIGEST, Optional.of(SOURCE.registry()));

    @TempDir
    Path root;

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final AtomicInteger transfers = new AtomicInteger();
    private final CountDownLatch go = new CountDownLatch(1);
    private DiskBlobStore blobs;
    private Downloads downloads;

    @BeforeEach
    void open() throws IOException {
        Layout layout = new Layout(root);
        layout.create();
        blobs = Blobs.in(layout);
        downloads = new Downloads();
    }

    @AfterEach
    void stop() throws Exception {
        go.countDown();
        executor.shutdownNow();
        // Bytes that readers have may not be on disk yet.
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
    }

    @Test
    void fiftyClientsShareOneDownload() throws Exception {
        CountDownLatch ready = new CountDownLatch(50);
        List<Future<BlobSource>> joins = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            joins.add(executor.submit(() -> {
                ready.countDown();
                ready.await();
                return get(join(executor, this::gated));
            }));
        }
        List<BlobSource> sources = new ArrayList<>();
        for (Future<BlobSource> join : joins) {
            sources.add(join.get(20, TimeUnit.SECONDS));
        }
        assertEquals(1, transfers.get());
        assertTrue(downloads.isInFlight(KEY));
        assertEquals(OptionalLong.of(CONTENT.length), downloads.sizeInFlight(KEY));
        go.countDown();
        for (BlobSource source : sources) {
            assertArrayEquals(CONTENT, readAll(source));
            source.close();
        }
        assertEquals(1, transfers.get());
    }

    @Test
    void downloadContinuesWhenAllClientsHaveLeft() throws Exception {
        BlobSource first = get(join(executor, this::gated));
        BlobSource second = get(join(executor, DownloadsTest::never));
        first.close();
        second.close();
        second.close();
        assertTrue(downloads.isInFlight(KEY));
        BlobSource third = get(join(executor, DownloadsTest::never));
        go.countDown();
        assertArrayEquals(CONTENT, readAll(third));
        third.close();
        BlobSource later = get(join(executor, DownloadsTest::never));
        assertArrayEquals(CONTENT, readAll(later));
        later.close();
    }

    @Test
    void joinAtTheEndOfADownloadGetsTheWholeBlob() throws Exception {
        List<BlobSource> late = new ArrayList<>();
        BlobSource first = get(join(Runnable::run, started -> {
            receive(started);
            late.add(join(executor, DownloadsTest::never).toCompletableFuture().join());
        }));
        assertFalse(downloads.isInFlight(KEY));
        for (BlobSource source : List.of(first, late.get(0))) {
            assertArrayEquals(CONTENT, readAll(source));
            source.close();
        }
    }

    @Test
    void joinSubmitsAWaitingDownloadToItsExecutorAndItRunsOnce() throws Exception {
        List<Runnable> prefetch = new ArrayList<>();
        List<Runnable> clients = new ArrayList<>();
        CompletionStage<BlobSource> first = join(prefetch::add, this::receive);
        CompletionStage<BlobSource> second = join(clients::add, DownloadsTest::never);
        clients.remove(0).run();
        prefetch.remove(0).run();
        for (CompletionStage<BlobSource> stage : List.of(first, second)) {
            BlobSource source = get(stage);
            assertArrayEquals(CONTENT, readAll(source));
            source.close();
        }
    }

    @Test
    void joinWithAFullExecutorWaitsInTheFirstOne() throws Exception {
        List<Runnable> prefetch = new ArrayList<>();
        CompletionStage<BlobSource> first = join(prefetch::add, this::receive);
        CompletionStage<BlobSource> second = join(
                work -> {
                    throw new RejectedExecutionException();
                },
                DownloadsTest::never);
        prefetch.remove(0).run();
        get(first).close();
        get(second).close();
    }

    @Test
    void lateJoinGetsTheBlobFromTheStoreIfTheDownloadIsClosed() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        join(executor, started -> {
            await(go);
            BlobDownload download = newDownload();
            // Completed by another thread, which a waiting join then blocks.
            executor.execute(() -> started.complete(Optional.of(download)));
            await(held);
            finish(download);
        });
        CompletionStage<BlobSource> slow = join(executor, DownloadsTest::never);
        join(executor, DownloadsTest::never).whenComplete((source, e) -> {
            source.close();
            held.countDown();
            await(ended);
        });
        go.countDown();
        await(held);
        while (downloads.isInFlight(KEY)) {
            Thread.onSpinWait();
        }
        // A join gets the blob from the store now, so the download is closed or about to be.
        get(join(executor, DownloadsTest::never)).close();
        ended.countDown();
        BlobSource source = get(slow);
        assertArrayEquals(CONTENT, readAll(source));
        source.close();
    }

    @Test
    void failureBeforeTheStartFailsAllJoinsAndTheNextOneStartsAgain() throws Exception {
        RegistryException failure = new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, "unreachable");
        List<CompletionStage<BlobSource>> joins = new ArrayList<>();
        CompletableFuture<CompletionStage<BlobSource>> retry = new CompletableFuture<>();
        joins.add(join(executor, started -> {
            await(go);
            throw failure;
        }));
        for (int i = 0; i < 10; i++) {
            joins.add(join(executor, DownloadsTest::never));
        }
        joins.get(10).whenComplete((source, e) -> retry.complete(join(executor, this::receive)));
        go.countDown();
        for (CompletionStage<BlobSource> join : joins) {
            ExecutionException e = assertThrows(ExecutionException.class, () -> get(join));
            assertSame(failure, e.getCause());
        }
        try (BlobSource source = get(retry.get(20, TimeUnit.SECONDS))) {
            assertArrayEquals(CONTENT, readAll(source));
        }
    }

    @Test
    void failureAfterTheStartFailsReadersAndTheNextJoinResumes() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        BlobSource reader = get(join(
                task -> executor.execute(() -> {
                    task.run();
                    ended.countDown();
                }),
                started -> {
                    BlobDownload download = newDownload();
                    started.complete(Optional.of(download));
                    append(download, CONTENT.length / 2);
                    download.checkpoint();
                    download.fail(new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "cut"));
                }));
        await(ended);
        ByteBuffer some = ByteBuffer.allocate(100);
        assertEquals(CONTENT.length / 2, reader.read(0, some));
        assertThrows(RegistryException.class, () -> reader.read(some.position(), some));
        reader.close();
        try (BlobSource source = get(join(executor, started -> {
            BlobDownload download = newDownload();
            assertEquals(CONTENT.length / 2, download.position(), "the partial file is resumed");
            recheck(download);
            started.complete(Optional.of(download));
            append(download, CONTENT.length);
            finish(download);
        }))) {
            assertArrayEquals(CONTENT, readAll(source));
        }
    }

    @Test
    void unverifiedFileIsOpenBeforeItsVerificationStarts() throws Exception {
        Files.write(root.resolve("blobs").resolve(DIGEST.hex()), CONTENT);
        List<Runnable> waiting = new ArrayList<>();
        Downloads.Key file = new Downloads.Key(DIGEST, Optional.empty());
        CompletableFuture<BlobSource> opened = downloads
                .join(file, waiting::add, new FileVerification(blobs, DIGEST))
                .thenApply(BlobResult::source)
                .toCompletableFuture();
        assertTrue(opened.isDone());
        try (BlobSource source = opened.join()) {
            assertEquals(OptionalLong.of(CONTENT.length), source.size());
            waiting.forEach(Runnable::run);
            assertArrayEquals(CONTENT, readAll(source));
        }
    }

    @Test
    void storedBlobIsNotDownloaded() throws Exception {
        get(join(Runnable::run, this::receive)).close();
        assertEquals(1, transfers.get());
        CompletionStage<BlobSource> stage = join(executor, DownloadsTest::never);
        assertTrue(stage.toCompletableFuture().isDone());
        try (BlobSource source = get(stage)) {
            assertTrue(source.fileRegion(0, 1).isPresent());
        }
        assertFalse(downloads.isInFlight(KEY));
    }

    @Test
    void joinThatMayNotUseTheStoreDownloadsTheBlob() throws Exception {
        get(join(Runnable::run, this::receive)).close();
        Downloads.Receiver receiver = new FakeReceiver(Optional::empty, this::receive);
        try (BlobSource source = get(downloads.join(KEY, executor, receiver)).source()) {
            assertArrayEquals(CONTENT, readAll(source));
        }
        assertEquals(2, transfers.get());
    }

    @Test
    void concurrentJoinsAllGetAStoredBlob() throws Exception {
        get(join(Runnable::run, this::receive)).close();
        CountDownLatch ready = new CountDownLatch(32);
        List<Future<byte[]>> reads = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            reads.add(executor.submit(() -> {
                ready.countDown();
                ready.await();
                byte[] last = {};
                for (int n = 0; n < 100; n++) {
                    try (BlobSource source = get(join(executor, DownloadsTest::never))) {
                        last = readAll(source);
                    }
                }
                return last;
            }));
        }
        for (Future<byte[]> read : reads) {
            assertArrayEquals(CONTENT, read.get(20, TimeUnit.SECONDS));
        }
        assertFalse(downloads.isInFlight(KEY));
    }

    @Test
    void fullExecutorFailsJoinsAsOverloaded() throws Exception {
        CompletionStage<BlobSource> refused = join(
                task -> {
                    throw new RejectedExecutionException();
                },
                DownloadsTest::never);
        CompletionException e = assertThrows(
                CompletionException.class, () -> refused.toCompletableFuture().join());
        assertSame(ErrorCode.OVERLOADED, ((RegistryException) e.getCause()).code());
        assertFalse(downloads.isInFlight(KEY));
        get(join(executor, this::receive)).close();
    }

    /** Receives a blob as the test says, unless the store has it. */
    private record FakeReceiver(
            Supplier<Optional<BlobSource>> fromStore, Consumer<CompletableFuture<Optional<BlobDownload>>> work)
            implements Downloads.Receiver {
        @Override
        public Optional<BlobSource> stored() {
            return fromStore.get();
        }

        @Override
        public void run(CompletableFuture<Optional<BlobDownload>> started) {
            work.accept(started);
        }
    }

    private CompletionStage<BlobSource> join(
            Executor runner, Consumer<CompletableFuture<Optional<BlobDownload>>> work) {
        return downloads
                .join(KEY, runner, new FakeReceiver(() -> blobs.open(DIGEST), work))
                .thenApply(BlobResult::source);
    }

    private static void never(CompletableFuture<Optional<BlobDownload>> started) {
        throw new AssertionError("unexpected download " + started);
    }

    private void gated(CompletableFuture<Optional<BlobDownload>> started) {
        transfers.incrementAndGet();
        BlobDownload download = newDownload();
        append(download, 5);
        started.complete(Optional.of(download));
        await(go);
        append(download, CONTENT.length);
        finish(download);
    }

    private void receive(CompletableFuture<Optional<BlobDownload>> started) {
        transfers.incrementAndGet();
        BlobDownload download = newDownload();
        started.complete(Optional.of(download));
        append(download, CONTENT.length);
        finish(download);
    }

    private BlobDownload newDownload() {
        BlobDownload download = blobs.startDownload(DIGEST, SOURCE);
        download.expectSize(OptionalLong.of(CONTENT.length));
        return download;
    }

    private static void recheck(BlobDownload download) {
        try {
            assertTrue(download.recheck());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void finish(BlobDownload download) {
        try {
            append(download, CONTENT.length);
            download.verify();
            blobs.publish(download);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void append(BlobDownload download, int upTo) {
        int held = (int) download.position();
        download.append(ByteBuffer.wrap(CONTENT, held, upTo - held));
    }

    private static byte[] readAll(BlobSource source) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(1000);
        int count;
        while ((count = source.read(all.position(), all)) >= 0) {
            if (count == 0) {
                CountDownLatch more = new CountDownLatch(1);
                source.whenReadable(all.position(), more::countDown);
                await(more);
            }
        }
        return Arrays.copyOf(all.array(), all.position());
    }

    private static <T> T get(CompletionStage<T> stage) throws ExecutionException {
        try {
            return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError("no result within 20 s", e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
