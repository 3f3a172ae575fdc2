package io.ociregistry.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A call of the CRI image service, through which a kubelet pulls images. Debian has no crictl, so curl sends the gRPC
 * request. A message is a zero byte, its length in four bytes, and protobuf: for strings under 128 bytes tag, length,
 * bytes.
 */
record CriImageService(Path socket) {
    private static final String METHOD = "http://localhost/runtime.v1.ImageService/PullImage";

    /** Sends PullImageRequest{1: ImageSpec{1: image}}; the response is PullImageResponse{1: image_ref}. */
    String pullImage(String reference) {
        Peers.require("curl");
        try {
            var request = Files.createTempFile(socket.getParent(), "request", ".grpc");
            var response = Files.createTempFile(socket.getParent(), "response", ".grpc");
            try {
                Files.write(request, message(field(field(reference.getBytes(StandardCharsets.UTF_8)))));
                call(request, response);
                return imageRef(Files.readAllBytes(response));
            } finally {
                Files.delete(request);
                Files.delete(response);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void call(Path request, Path response) {
        var conversation = Program.run(
                "cri-pull",
                List.of(
                        "curl",
                        "--verbose",
                        "--silent",
                        "--show-error",
                        "--max-time",
                        "240",
                        "--http2-prior-knowledge",
                        "--unix-socket",
                        socket.toString(),
                        "--header",
                        "content-type: application/grpc",
                        "--header",
                        "te: trailers",
                        "--data-binary",
                        "@" + request,
                        "--output",
                        response.toString(),
                        METHOD));
        if (!conversation.contains("grpc-status: 0")) {
            throw new AssertionError("CRI PullImage failed:\n" + conversation);
        }
    }

    private static byte[] field(byte[] value) throws IOException {
        if (value.length > 127) {
            throw new IllegalArgumentException("a length of more than one byte");
        }
        var field = new ByteArrayOutputStream();
        field.write(1 << 3 | 2);
        field.write(value.length);
        field.write(value);
        return field.toByteArray();
    }

    private static byte[] message(byte[] protobuf) {
        return ByteBuffer.allocate(5 + protobuf.length)
                .put((byte) 0)
                .putInt(protobuf.length)
                .put(protobuf)
                .array();
    }

    private static String imageRef(byte[] response) {
        var start = 5 + 2;
        return new String(response, start, response.length - start, StandardCharsets.UTF_8);
    }
}
