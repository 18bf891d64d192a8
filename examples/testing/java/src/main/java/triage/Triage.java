package triage;

import dev.tamma.provider.v1.IAIProviderGrpc.IAIProviderBlockingStub;
import dev.tamma.provider.v1.Message;
import dev.tamma.provider.v1.MessageRequest;
import dev.tamma.provider.v1.Role;
import dev.tamma.provider.v1.SendMessageSyncRequest;
import dev.tamma.provider.v1.Tool;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.regex.Pattern;

/** A model decides which team a ticket goes to. */
final class Triage {
  /** Where people look at what no model could assign. */
  static final String INBOX = "inbox";

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Pattern TEAM = Pattern.compile("\"team\":\\s*\"(\\w+)\"");
  private static final Tool ASSIGN =
      Tool.newBuilder()
          .setName("assign")
          .setDescription("Assign the ticket to a team")
          .setInputSchema("{\"type\":\"object\",\"properties\":{\"team\":{\"type\":\"string\"}}}")
          .build();

  /** The team that a ticket is for. */
  static String team(IAIProviderBlockingStub provider, String ticket) {
    return team(provider, ticket, PATIENCE);
  }

  static String team(IAIProviderBlockingStub provider, String ticket, Duration patience) {
    var prompt = Message.newBuilder().setRole(Role.ROLE_USER).setContent(ticket);
    var request = MessageRequest.newBuilder().addMessages(prompt).addTools(ASSIGN);
    try {
      var answer =
          provider
              .withDeadlineAfter(patience)
              .sendMessageSync(SendMessageSyncRequest.newBuilder().setRequest(request).build());
      for (var call : answer.getResponse().getToolCallsList()) {
        var named = TEAM.matcher(call.getArguments());
        if (named.find()) return named.group(1);
      }
    } catch (StatusRuntimeException unanswered) {
      return INBOX;
    }
    return INBOX;
  }

  private Triage() {}
}
