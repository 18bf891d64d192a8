package triage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tamma.provider.v1.IAIProviderGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TriageTest {
  private static final ManagedChannel CHANNEL =
      Grpc.newChannelBuilder(System.getenv("TAMMA_ADDRESS"), InsecureChannelCredentials.create())
          .build();

  @AfterAll
  static void close() {
    CHANNEL.shutdownNow();
  }

  @ParameterizedTest
  @CsvSource({
    "My invoice is wrong, billing",
    "Everybody asks all at once, support",
    "Something forbidden, inbox",
    "Hello, inbox",
  })
  void goesTo(String ticket, String team) {
    assertEquals(team, Triage.team(IAIProviderGrpc.newBlockingStub(CHANNEL), ticket));
  }

  @Test
  void goesToTheInboxIfTheModelDoesNotAnswer() {
    var provider = IAIProviderGrpc.newBlockingStub(CHANNEL);
    var patience = Duration.ofSeconds(1);
    assertEquals("inbox", Triage.team(provider, "This one waits for ever", patience));
  }
}
