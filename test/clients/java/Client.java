import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.type.Money;
import dev.tamma.provider.v1.ErrorReason;
import dev.tamma.provider.v1.FailureInfo;
import dev.tamma.provider.v1.IAIProviderGrpc;
import dev.tamma.provider.v1.Message;
import dev.tamma.provider.v1.MessageRequest;
import dev.tamma.provider.v1.Role;
import dev.tamma.provider.v1.SendMessageRequest;
import dev.tamma.provider.v1.SendMessageResponse;
import dev.tamma.provider.v1.SendMessageSyncRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/** Talks to a sidecar through stubs generated from the contract: Client ADDRESS. */
public final class Client {
  private static final String GREETING = "Hello from the stub.";

  public static void main(String[] args) throws Exception {
    var channel = Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build();
    try {
      var provider =
          IAIProviderGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
      checkAnswer(provider);
      checkStream(provider);
      checkRefusal(provider);
      checkDeadline(IAIProviderGrpc.newBlockingStub(channel));
    } finally {
      channel.shutdownNow();
    }
  }

  private static MessageRequest.Builder aRequest() {
    var prompt = Message.newBuilder().setRole(Role.ROLE_USER).setContent("Say hello");
    return MessageRequest.newBuilder().addMessages(prompt);
  }

  private static void checkAnswer(IAIProviderGrpc.IAIProviderBlockingStub provider) {
    var request = SendMessageSyncRequest.newBuilder().setRequest(aRequest()).build();
    var answer = provider.sendMessageSync(request).getResponse();
    System.out.println(answer.getContent());
    check(answer.getContent().equals(GREETING), "the answer is whole: " + answer);
    Money total = answer.getCost().getTotal();
    check(total.getCurrencyCode().equals("USD"), "the cost is in US dollars: " + total);
    check(total.getUnits() > 0 || total.getNanos() > 0, "the answer cost something: " + total);
  }

  private static void checkStream(IAIProviderGrpc.IAIProviderBlockingStub provider) {
    var request = SendMessageRequest.newBuilder().setRequest(aRequest()).build();
    Iterator<SendMessageResponse> messages = provider.sendMessage(request);
    var text = new StringBuilder();
    SendMessageResponse last = null;
    while (messages.hasNext()) {
      last = messages.next();
      if (last.hasTextDelta()) text.append(last.getTextDelta().getText());
    }
    check(last != null && last.hasCompleted(), "completed is the last message: " + last);
    check(text.toString().equals(GREETING), "the text arrives whole: " + text);
  }

  private static void checkRefusal(IAIProviderGrpc.IAIProviderBlockingStub provider)
      throws InvalidProtocolBufferException {
    var request = SendMessageSyncRequest.newBuilder().setRequest(aRequest().setTemperature(3));
    try {
      provider.sendMessageSync(request.build());
    } catch (StatusRuntimeException error) {
      check(
          error.getStatus().getCode() == Status.Code.INVALID_ARGUMENT,
          "a bad temperature is refused: " + error);
      checkDetails(StatusProto.fromThrowable(error));
      return;
    }
    check(false, "a bad temperature is refused");
  }

  /**
   * The sidecar must end calls before the timer of this client does, which knows no details. On a
   * busy machine a call may take longer to arrive than the sidecar is early.
   */
  private static void checkDeadline(IAIProviderGrpc.IAIProviderBlockingStub provider)
      throws InvalidProtocolBufferException {
    var prompt = Message.newBuilder().setRole(Role.ROLE_USER).setContent("Take your time");
    var request = MessageRequest.newBuilder().addMessages(prompt);
    var asked = SendMessageSyncRequest.newBuilder().setRequest(request).build();
    var told = 0;
    for (int i = 0; i < 30 && told < 5; i++) {
      try {
        provider.withDeadlineAfter(300, TimeUnit.MILLISECONDS).sendMessageSync(asked);
        check(false, "a model that is silent misses the deadline");
      } catch (StatusRuntimeException error) {
        check(
            error.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED,
            "the deadline is exceeded: " + error);
        for (var detail : StatusProto.fromThrowable(error).getDetailsList()) {
          if (!detail.is(FailureInfo.class)) continue;
          var reason = detail.unpack(FailureInfo.class).getReason();
          check(reason == ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED, "the reason: " + error);
          told++;
        }
      }
    }
    check(told == 5, "details arrive in time: " + told + " of 30");
  }

  private static void checkDetails(com.google.rpc.Status status)
      throws InvalidProtocolBufferException {
    var namesField = false;
    var hasReason = false;
    for (var detail : status.getDetailsList()) {
      if (detail.is(BadRequest.class)) {
        var bad = detail.unpack(BadRequest.class);
        namesField = bad.getFieldViolations(0).getField().equals("request.temperature");
      }
      if (detail.is(FailureInfo.class)) {
        var reason = detail.unpack(FailureInfo.class).getReason();
        hasReason = reason == ErrorReason.ERROR_REASON_INVALID_REQUEST;
      }
    }
    check(namesField, "the bad field is named: " + status);
    check(hasReason, "FailureInfo has the reason: " + status);
  }

  private static void check(boolean isSo, String what) {
    if (isSo) return;
    System.err.println("not so: " + what);
    System.exit(1);
  }
}
