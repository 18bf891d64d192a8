// Calls the sidecar at TAMMA_ADDRESS (127.0.0.1:50051), at the socket TAMMA_SOCKET if there is one, and
// over TLS at TAMMA_TLS_ADDRESS with the certificate authority TAMMA_CA and the token TAMMA_TOKEN.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "provider.tamma.dev/go/tamma/provider/v1"
)

func main() {
	address := os.Getenv("TAMMA_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	use(address, func(ctx context.Context, connection *grpc.ClientConn) error {
		provider := pb.NewIAIProviderClient(connection)
		return errors.Join(
			stream(ctx, provider),
			restart(ctx, provider),
			tools(ctx, provider),
			endings(ctx, provider),
			refusals(ctx, provider),
			budgets(ctx, pb.NewIAIUsageProviderClient(connection)),
			trace(ctx, provider),
		)
	}, plain)
	if socket := os.Getenv("TAMMA_SOCKET"); socket != "" {
		use("unix:"+socket, hello("socket"), plain)
	}
	if secured := os.Getenv("TAMMA_TLS_ADDRESS"); secured != "" {
		roots, err := credentials.NewClientTLSFromFile(os.Getenv("TAMMA_CA"), "")
		if err != nil {
			log.Fatal(err)
		}
		token := grpc.WithPerRPCCredentials(bearer(os.Getenv("TAMMA_TOKEN")))
		use(secured, hello("tls"), grpc.WithTransportCredentials(roots), token)
	}
}

func use(address string, part func(context.Context, *grpc.ClientConn) error, options ...grpc.DialOption) {
	connection, err := grpc.NewClient(address, append(options, dialOptions...)...)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := part(ctx, connection); err != nil {
		log.Fatal(err)
	}
}

func ask(content string) *pb.MessageRequest {
	prompt := &pb.Message{Role: pb.Role_ROLE_USER, Content: content}
	return &pb.MessageRequest{Messages: []*pb.Message{prompt}}
}

func sync(request *pb.MessageRequest) *pb.SendMessageSyncRequest {
	return &pb.SendMessageSyncRequest{Request: request}
}

// stream shows an answer as it comes.
func stream(ctx context.Context, provider pb.IAIProviderClient) error {
	// A sidecar that is just starting is waited for, within the deadline.
	messages, err := provider.SendMessage(ctx, &pb.SendMessageRequest{Request: ask("Say hello")},
		grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	var text string
	for {
		message, err := messages.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text += message.GetTextDelta().GetText()
		if completed := message.GetCompleted(); completed != nil {
			reason := strings.TrimPrefix(completed.GetFinishReason().String(), "FINISH_REASON_")
			fmt.Println("stream:", text)
			fmt.Printf("finish: %s, cost in %s\n", reason, completed.GetCost().GetTotal().GetCurrencyCode())
		}
	}
}

// restart shows an answer that breaks off and starts again: what came before attempt_reset is void.
func restart(ctx context.Context, provider pb.IAIProviderClient) error {
	messages, err := provider.SendMessage(ctx, &pb.SendMessageRequest{
		Request: ask("Break once"),
		Options: &pb.StreamOptions{Recovery: pb.StreamRecovery_STREAM_RECOVERY_RESTART},
	})
	if err != nil {
		return err
	}
	said, err := collect(messages)
	fmt.Println("restart:", said.text)
	return err
}

// tools has the model call a function, and answer with what the function said.
func tools(ctx context.Context, provider pb.IAIProviderClient) error {
	request := ask("How warm is it in Paris?")
	request.Tools = []*pb.Tool{{
		Name:        "get_weather",
		Description: "The weather now",
		InputSchema: `{"type":"object","properties":{"city":{"type":"string"}}}`,
	}}
	first, err := provider.SendMessageSync(ctx, sync(request))
	if err != nil {
		return err
	}
	request.Messages = append(request.Messages, turnOf(first.GetResponse()))
	for _, call := range first.GetResponse().GetToolCalls() {
		fmt.Println("tool:", call.GetName(), call.GetArguments())
		request.Messages = append(request.Messages,
			&pb.Message{Role: pb.Role_ROLE_TOOL, ToolCallId: call.GetId(), Content: "21 degrees"})
	}
	second, err := provider.SendMessageSync(ctx, sync(request))
	fmt.Println("tool answer:", second.GetResponse().GetContent())
	return err
}

// endings shows a deadline, which the sidecar keeps with every retry in it, and a cancel.
func endings(ctx context.Context, provider pb.IAIProviderClient) error {
	short, stop := context.WithTimeout(ctx, 500*time.Millisecond)
	defer stop()
	request := ask("Take your time")
	_, err := provider.SendMessageSync(short, sync(request))
	printCode("deadline", err)

	left, leave := context.WithCancel(ctx)
	messages, err := provider.SendMessage(left, &pb.SendMessageRequest{Request: request})
	if err != nil {
		return err
	}
	leave()
	_, err = collect(messages)
	printCode("cancel", err)
	return nil
}

// refusals shows what a refusal says: every bad field, and whether it is worth another try.
func refusals(ctx context.Context, provider pb.IAIProviderClient) error {
	bad := ask("Say hello")
	bad.Temperature, bad.TopP = new(3.0), new(-1.0)
	_, err := provider.SendMessageSync(ctx, sync(bad))
	printCode("refusal", err)
	for _, violation := range detailsOf(err).badRequest.GetFieldViolations() {
		fmt.Println("bad field:", violation.GetField())
	}

	short, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	_, err = provider.SendMessageSync(short, sync(ask("Too often")))
	printCode("limit", err)
	details := detailsOf(err)
	fmt.Printf("reason: %s, retryable %t\n", details.info.GetReason(), details.retryable())
	soon := "soon"
	if details.retryAfter > time.Minute {
		soon = "in minutes"
	}
	fmt.Printf("retry: %s, attempts %d\n", soon, details.failure.GetAttempts())
	return nil
}

func budgets(ctx context.Context, usage pb.IAIUsageProviderClient) error {
	response, err := usage.GetBudgets(ctx, &pb.GetBudgetsRequest{Name: "costManagement"})
	for _, budget := range response.GetBudgets() {
		fmt.Printf("budget: %s, %d USD\n", budget.GetName(), budget.GetLimit().GetUnits())
	}
	return err
}

// trace has the sidecar's spans and errors carry the caller's trace.
func trace(ctx context.Context, provider pb.IAIProviderClient) error {
	traced := metadata.AppendToOutgoingContext(ctx,
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	bad := ask("Say hello")
	bad.Temperature = new(3.0)
	_, err := provider.SendMessageSync(traced, sync(bad))
	printCode("traced", err)
	fmt.Println("trace:", detailsOf(err).info.GetMetadata()["trace_id"])
	return nil
}

func hello(over string) func(context.Context, *grpc.ClientConn) error {
	return func(ctx context.Context, connection *grpc.ClientConn) error {
		provider := pb.NewIAIProviderClient(connection)
		answer, err := provider.SendMessageSync(ctx, sync(ask("Say hello")), grpc.WaitForReady(true))
		fmt.Printf("%s: %s\n", over, answer.GetResponse().GetContent())
		return err
	}
}

// names are those of the contract; Go's own are CamelCase.
var names = map[codes.Code]string{
	codes.Canceled:          "CANCELLED",
	codes.InvalidArgument:   "INVALID_ARGUMENT",
	codes.DeadlineExceeded:  "DEADLINE_EXCEEDED",
	codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
}

func printCode(what string, err error) {
	fmt.Printf("%s: %s\n", what, names[status.Code(err)])
}
