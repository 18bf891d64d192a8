package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	pb "provider.tamma.dev/go/tamma/provider/v1"
)

// The little that every caller of the sidecar needs beside the generated stubs. Copy it.

// dialOptions go to grpc.NewClient, beside the credentials.
var dialOptions = []grpc.DialOption{
	grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64 << 20)),
	// The sidecar retries, and a client that does so, too, multiplies. What no sidecar has begun gRPC still sends again.
	grpc.WithDisableRetry(),
	// A connection that has died without a word would hold its calls for a quarter of an hour.
	grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
}

// errorDetails is what the sidecar says of a failed call. What it did not send is nil.
type errorDetails struct {
	info       *errdetails.ErrorInfo
	badRequest *errdetails.BadRequest
	failure    *pb.FailureInfo
	// retryAfter is 0 where the sidecar does not say.
	retryAfter time.Duration
}

func (d errorDetails) retryable() bool { return d.info.GetMetadata()["retryable"] == "true" }

func detailsOf(err error) (details errorDetails) {
	for _, detail := range status.Convert(err).Details() {
		switch message := detail.(type) {
		case *errdetails.ErrorInfo:
			details.info = message
		case *errdetails.BadRequest:
			details.badRequest = message
		case *errdetails.RetryInfo:
			details.retryAfter = message.GetRetryDelay().AsDuration()
		case *pb.FailureInfo:
			details.failure = message
		}
	}
	return details
}

// answer is a whole one. With a refusal there is no text, whatever form it was to have.
type answer struct {
	text, refusal string
	// What the model said on the way, as far as it tells that from its answer.
	commentary string
	completed  *pb.Completed
}

// collect reads an answer to its end, without what an attempt_reset took back.
func collect(stream grpc.ServerStreamingClient[pb.SendMessageResponse]) (answer, error) {
	var said answer
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return said, nil
		}
		if err != nil {
			return said, err
		}
		switch event := message.Event.(type) {
		case *pb.SendMessageResponse_TextDelta:
			if event.TextDelta.GetPhase() == "commentary" {
				said.commentary += event.TextDelta.GetText()
			} else {
				said.text += event.TextDelta.GetText()
			}
		case *pb.SendMessageResponse_RefusalDelta:
			said.refusal += event.RefusalDelta.GetText()
		case *pb.SendMessageResponse_AttemptReset:
			said = answer{}
		case *pb.SendMessageResponse_Completed:
			said.completed = event.Completed
		}
	}
}

// turnOf is an answer as it goes back into the conversation: with what the upstream wants to see again.
func turnOf(said *pb.MessageResponse) *pb.Message {
	turn := &pb.Message{
		Role:           pb.Role_ROLE_ASSISTANT,
		Content:        cmp.Or(said.GetContent(), said.GetCommentary(), said.GetRefusal()),
		ToolCalls:      said.GetToolCalls(),
		ReasoningItems: said.GetReasoningItems(),
		Reasoning:      said.GetReasoning(),
		ProviderData:   said.GetProviderData(),
	}
	if said.GetContent() == "" && said.GetCommentary() != "" {
		turn.Phase = "commentary"
	}
	return turn
}

// bearer is a token that goes with every call, and over TLS alone.
type bearer string

func (token bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }
