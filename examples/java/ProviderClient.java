import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.tamma.provider.v1.Completed;
import dev.tamma.provider.v1.FailureInfo;
import dev.tamma.provider.v1.MessageResponse;
import dev.tamma.provider.v1.Role;
import dev.tamma.provider.v1.SendMessageResponse;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/** The little that every caller of the sidecar needs beside the generated stubs. Copy it. */
final class ProviderClient {
  private static final int MAX_RECEIVE_BYTES = 64 * 1024 * 1024;

  /** What the sidecar says of a failed call. Messages that it did not send are empty. */
  record ErrorDetails(
      ErrorInfo info, BadRequest badRequest, FailureInfo failure, Duration retryAfter) {
    boolean retryable() {
      return info.getMetadataOrDefault("retryable", "").equals("true");
    }
  }

  /**
   * A whole answer, without what an attempt_reset took back. With a refusal there is no text. Commentary is what the
   * model said on the way, as far as it tells that from its answer.
   */
  record Answer(String text, String commentary, String refusal, Completed completed) {}

  /**
   * The sidecar retries, and a client that is told to by a name server multiplies. Not disableRetry: it would also
   * lose calls that were on their way when a sidecar stopped, which gRPC sends to another. A connection that has died
   * without a word would hold its calls for a quarter of an hour.
   */
  static ManagedChannel connect(String address, ChannelCredentials credentials) {
    return Grpc.newChannelBuilder(address, credentials)
        .maxInboundMessageSize(MAX_RECEIVE_BYTES)
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        .disableServiceConfigLookUp()
        .build();
  }

  /** Of the native transport of Linux. */
  static ManagedChannel connectToSocket(String path, EpollEventLoopGroup threads) {
    return NettyChannelBuilder.forAddress(new DomainSocketAddress(path))
        // Else the path is sent as the host, and a '/' in it breaks the connection.
        .overrideAuthority("localhost")
        .channelType(EpollDomainSocketChannel.class)
        .eventLoopGroup(threads)
        .usePlaintext()
        .maxInboundMessageSize(MAX_RECEIVE_BYTES)
        .disableServiceConfigLookUp()
        .build();
  }

  static ErrorDetails detailsOf(StatusRuntimeException error) {
    var status = StatusProto.fromThrowable(error);
    var retry = find(status, RetryInfo.getDefaultInstance()).getRetryDelay();
    return new ErrorDetails(
        find(status, ErrorInfo.getDefaultInstance()),
        find(status, BadRequest.getDefaultInstance()),
        find(status, FailureInfo.getDefaultInstance()),
        Duration.ofSeconds(retry.getSeconds(), retry.getNanos()));
  }

  @SuppressWarnings("unchecked")
  private static <T extends Message> T find(com.google.rpc.Status status, T none) {
    if (status == null) return none;
    for (Any detail : status.getDetailsList()) {
      try {
        if (detail.is(none.getClass())) return (T) detail.unpack(none.getClass());
      } catch (InvalidProtocolBufferException unreadable) {
        return none;
      }
    }
    return none;
  }

  static Answer collect(Iterator<SendMessageResponse> messages) {
    var text = new StringBuilder();
    var commentary = new StringBuilder();
    var refusal = new StringBuilder();
    var completed = Completed.getDefaultInstance();
    while (messages.hasNext()) {
      var message = messages.next();
      switch (message.getEventCase()) {
        case TEXT_DELTA -> {
          var delta = message.getTextDelta();
          (delta.getPhase().equals("commentary") ? commentary : text).append(delta.getText());
        }
        case REFUSAL_DELTA -> refusal.append(message.getRefusalDelta().getText());
        case ATTEMPT_RESET -> {
          text.setLength(0);
          commentary.setLength(0);
          refusal.setLength(0);
        }
        case COMPLETED -> completed = message.getCompleted();
        default -> {}
      }
    }
    return new Answer(text.toString(), commentary.toString(), refusal.toString(), completed);
  }

  /** An answer as it goes back into the conversation: with what the upstream wants to see again. */
  static dev.tamma.provider.v1.Message turn(MessageResponse answer) {
    var turn =
        dev.tamma.provider.v1.Message.newBuilder()
            .setRole(Role.ROLE_ASSISTANT)
            .setContent(answer.getContent())
            .addAllToolCalls(answer.getToolCallsList())
            .addAllReasoningItems(answer.getReasoningItemsList())
            .setReasoning(answer.getReasoning())
            .setProviderData(answer.getProviderData());
    if (answer.getContent().isEmpty() && !answer.getCommentary().isEmpty()) {
      turn.setContent(answer.getCommentary()).setPhase("commentary");
    } else if (answer.getContent().isEmpty()) {
      turn.setContent(answer.getRefusal());
    }
    return turn.build();
  }

  private ProviderClient() {}
}
