import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/**
 * Calls every RPC in every way that the tables of doors-sidecar.ts name, and prints what came of it:
 * DoorsClient DIRECTORY.
 */
public final class DoorsClient {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Messages as they are on the wire. */
  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        }
      };

  public static void main(String[] args) throws Exception {
    var directory = Path.of(args[0]);
    for (String line : Files.readAllLines(directory.resolve("cases"))) {
      var columns = line.split("\t");
      var security = securityOf(directory, columns[2], columns[3]);
      var connection = Grpc.newChannelBuilder(columns[1], security).build();
      var channel = withToken(connection, columns[4]);
      for (String method : Files.readAllLines(directory.resolve("methods"))) {
        var request = method.split("\t", -1);
        var bytes = Base64.getDecoder().decode(request[1]);
        System.out.println(
            String.join("\t", columns[0], request[0], outcome(channel, request[0], bytes)));
      }
      connection.shutdownNow();
    }
  }

  private static ChannelCredentials securityOf(Path directory, String ca, String own)
      throws IOException {
    if (ca.equals("plain")) return InsecureChannelCredentials.create();
    var credentials =
        TlsChannelCredentials.newBuilder().trustManager(directory.resolve(ca + ".crt").toFile());
    if (!own.equals("none")) {
      credentials.keyManager(
          directory.resolve(own + ".crt").toFile(), directory.resolve(own + ".key").toFile());
    }
    return credentials.build();
  }

  private static Channel withToken(Channel connection, String token) {
    if (token.equals("none")) return connection;
    var metadata = new Metadata();
    metadata.put(AUTHORIZATION, "Bearer " + token);
    return ClientInterceptors.intercept(
        connection, MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  /** The name of the status, OK as soon as there is an answer: what is watched has no end. */
  private static String outcome(Channel channel, String path, byte[] request) {
    // An answer to a unary call is a stream of one.
    var method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodType.SERVER_STREAMING)
            .setFullMethodName(path.substring(1))
            .build();
    var options = CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
    try {
      ClientCalls.blockingServerStreamingCall(channel, method, options, request).hasNext();
      return "OK";
    } catch (StatusRuntimeException error) {
      return error.getStatus().getCode().name();
    }
  }
}
