import dev.tamma.provider.v1.GetBudgetsRequest;
import dev.tamma.provider.v1.IAIProviderGrpc;
import dev.tamma.provider.v1.IAIProviderGrpc.IAIProviderBlockingStub;
import dev.tamma.provider.v1.IAIUsageProviderGrpc;
import dev.tamma.provider.v1.Message;
import dev.tamma.provider.v1.MessageRequest;
import dev.tamma.provider.v1.Role;
import dev.tamma.provider.v1.SendMessageRequest;
import dev.tamma.provider.v1.SendMessageSyncRequest;
import dev.tamma.provider.v1.StreamOptions;
import dev.tamma.provider.v1.StreamRecovery;
import dev.tamma.provider.v1.Tool;
import io.grpc.CallCredentials;
import io.grpc.Context;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Calls the sidecar at TAMMA_ADDRESS (127.0.0.1:50051), at the socket TAMMA_SOCKET if there is one, and
 * over TLS at TAMMA_TLS_ADDRESS with the certificate authority TAMMA_CA and the token TAMMA_TOKEN.
 */
public final class Example {
  public static void main(String[] args) throws Exception {
    var environment = System.getenv();
    var address = environment.getOrDefault("TAMMA_ADDRESS", "127.0.0.1:50051");
    var channel = ProviderClient.connect(address, InsecureChannelCredentials.create());
    try {
      // A sidecar that is just starting is waited for, within the deadline.
      var provider = IAIProviderGrpc.newBlockingStub(channel).withWaitForReady();
      stream(provider);
      restart(provider);
      tools(provider);
      endings(provider);
      refusals(provider);
      budgets(channel);
      trace(provider);
    } finally {
      channel.shutdownNow();
    }
    var socket = environment.get("TAMMA_SOCKET");
    if (socket != null) {
      var threads = new EpollEventLoopGroup(1);
      hello(ProviderClient.connectToSocket(socket, threads), null, "socket");
      threads.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
    var secured = environment.get("TAMMA_TLS_ADDRESS");
    if (secured != null) {
      var roots =
          TlsChannelCredentials.newBuilder().trustManager(new File(environment.get("TAMMA_CA")));
      hello(
          ProviderClient.connect(secured, roots.build()), environment.get("TAMMA_TOKEN"), "tls");
    }
  }

  private static MessageRequest.Builder ask(String content) {
    var prompt = Message.newBuilder().setRole(Role.ROLE_USER).setContent(content);
    return MessageRequest.newBuilder().addMessages(prompt);
  }

  private static SendMessageSyncRequest sync(MessageRequest.Builder request) {
    return SendMessageSyncRequest.newBuilder().setRequest(request).build();
  }

  private static SendMessageRequest.Builder streamed(MessageRequest.Builder request) {
    return SendMessageRequest.newBuilder().setRequest(request);
  }

  /** An answer as it comes. */
  private static void stream(IAIProviderBlockingStub provider) {
    var text = new StringBuilder();
    var messages = provider.sendMessage(streamed(ask("Say hello")).build());
    while (messages.hasNext()) {
      var message = messages.next();
      text.append(message.getTextDelta().getText());
      if (!message.hasCompleted()) continue;
      var completed = message.getCompleted();
      var reason = completed.getFinishReason().name().replaceFirst("^FINISH_REASON_", "");
      System.out.println("stream: " + text);
      System.out.println(
          "finish: " + reason + ", cost in " + completed.getCost().getTotal().getCurrencyCode());
    }
  }

  /** An answer that breaks off and starts again: what came before attempt_reset is void. */
  private static void restart(IAIProviderBlockingStub provider) {
    var options =
        StreamOptions.newBuilder().setRecovery(StreamRecovery.STREAM_RECOVERY_RESTART);
    var request = streamed(ask("Break once")).setOptions(options).build();
    System.out.println("restart: " + ProviderClient.collect(provider.sendMessage(request)).text());
  }

  /** The model calls a function, and answers with what the function said. */
  private static void tools(IAIProviderBlockingStub provider) {
    var weather =
        Tool.newBuilder()
            .setName("get_weather")
            .setDescription("The weather now")
            .setInputSchema("{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}");
    var request = ask("How warm is it in Paris?").addTools(weather);
    var first = provider.sendMessageSync(sync(request)).getResponse();
    request.addMessages(ProviderClient.turn(first));
    for (var call : first.getToolCallsList()) {
      System.out.println("tool: " + call.getName() + " " + call.getArguments());
      request.addMessages(
          Message.newBuilder()
              .setRole(Role.ROLE_TOOL)
              .setToolCallId(call.getId())
              .setContent("21 degrees"));
    }
    var answer = provider.sendMessageSync(sync(request)).getResponse();
    System.out.println("tool answer: " + answer.getContent());
  }

  /** A deadline, which the sidecar keeps with every retry in it, and a cancel. */
  private static void endings(IAIProviderBlockingStub provider) {
    var request = ask("Take your time");
    failureOf(
        "deadline",
        () ->
            provider
                .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
                .sendMessageSync(sync(request)));
    // What is called within a context ends with it.
    var context = Context.current().withCancellation();
    failureOf(
        "cancel",
        () ->
            context.run(
                () -> {
                  var messages = provider.sendMessage(streamed(request).build());
                  context.cancel(null);
                  ProviderClient.collect(messages);
                }));
  }

  /** What a refusal says: every bad field, and whether it is worth another try. */
  private static void refusals(IAIProviderBlockingStub provider) {
    var bad = sync(ask("Say hello").setTemperature(3).setTopP(-1));
    var refused = failureOf("refusal", () -> provider.sendMessageSync(bad));
    for (var violation : refused.badRequest().getFieldViolationsList()) {
      System.out.println("bad field: " + violation.getField());
    }

    var often = sync(ask("Too often"));
    var patient = provider.withDeadlineAfter(20, TimeUnit.SECONDS);
    var limited = failureOf("limit", () -> patient.sendMessageSync(often));
    System.out.println(
        "reason: " + limited.info().getReason() + ", retryable " + limited.retryable());
    var soon = limited.retryAfter().compareTo(Duration.ofMinutes(1)) > 0 ? "in minutes" : "soon";
    System.out.println("retry: " + soon + ", attempts " + limited.failure().getAttempts());
  }

  private static void budgets(ManagedChannel channel) {
    var request = GetBudgetsRequest.newBuilder().setName("costManagement").build();
    var usage = IAIUsageProviderGrpc.newBlockingStub(channel);
    for (var budget : usage.getBudgets(request).getBudgetsList()) {
      System.out.println(
          "budget: " + budget.getName() + ", " + budget.getLimit().getUnits() + " USD");
    }
  }

  /** The sidecar's spans and errors carry the caller's trace. */
  private static void trace(IAIProviderBlockingStub provider) {
    var headers = new Metadata();
    headers.put(
        key("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    var traced =
        provider.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    var bad = sync(ask("Say hello").setTemperature(3));
    var error = failureOf("traced", () -> traced.sendMessageSync(bad));
    System.out.println("trace: " + error.info().getMetadataOrDefault("trace_id", ""));
  }

  private static void hello(ManagedChannel channel, String token, String over) {
    try {
      var provider =
          IAIProviderGrpc.newBlockingStub(channel)
              .withWaitForReady()
              .withDeadlineAfter(10, TimeUnit.SECONDS);
      if (token != null) provider = provider.withCallCredentials(bearer(token));
      var answer = provider.sendMessageSync(sync(ask("Say hello"))).getResponse();
      System.out.println(over + ": " + answer.getContent());
    } finally {
      channel.shutdownNow();
    }
  }

  private static CallCredentials bearer(String token) {
    return new CallCredentials() {
      @Override
      public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier to) {
        var headers = new Metadata();
        headers.put(key("authorization"), "Bearer " + token);
        to.apply(headers);
      }
    };
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /** Makes a call that must fail, and prints the name of its status. */
  private static ProviderClient.ErrorDetails failureOf(String what, Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      System.out.println(what + ": " + error.getStatus().getCode());
      return ProviderClient.detailsOf(error);
    }
    throw new AssertionError(what + ": it did not fail");
  }
}
