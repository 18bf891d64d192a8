import dev.tamma.provider.v1.IAIProviderGrpc;
import dev.tamma.provider.v1.Message;
import dev.tamma.provider.v1.MessageRequest;
import dev.tamma.provider.v1.Role;
import dev.tamma.provider.v1.SendMessageSyncRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Calls a sidecar over TLS through stubs generated from the contract, in every way that the cases of
 * tls-sidecar.ts name: TlsClient DIRECTORY.
 */
public final class TlsClient {
  public static void main(String[] args) throws Exception {
    var directory = Path.of(args[0]);
    for (String line : Files.readAllLines(directory.resolve("cases"))) {
      var columns = line.split(" ");
      var actual = outcome(columns[0], securityOf(directory, columns[1], columns[2]));
      System.out.println(line);
      if (!actual.equals(columns[3])) throw new AssertionError("not so: " + line + ": " + actual);
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

  private static String outcome(String address, ChannelCredentials security) {
    var channel = Grpc.newChannelBuilder(address, security).build();
    try {
      var prompt = Message.newBuilder().setRole(Role.ROLE_USER).setContent("Say hello");
      var request = MessageRequest.newBuilder().addMessages(prompt);
      var answer =
          IAIProviderGrpc.newBlockingStub(channel)
              .withDeadlineAfter(20, TimeUnit.SECONDS)
              .sendMessageSync(SendMessageSyncRequest.newBuilder().setRequest(request).build());
      return answer.getResponse().getContent().equals("Hello from the stub.") ? "ok" : "" + answer;
    } catch (StatusRuntimeException error) {
      return error.getStatus().getCode() == Status.Code.UNAVAILABLE ? "refused" : "" + error;
    } finally {
      channel.shutdownNow();
    }
  }
}
