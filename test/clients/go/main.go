// Talks to a sidecar through stubs generated from the contract: main ADDRESS.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "check/gen/tamma/provider/v1"
)

func main() {
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "not so:", err)
		os.Exit(1)
	}
}

func check(address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	provider := pb.NewIAIProviderClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := checkStream(ctx, provider); err != nil {
		return err
	}
	return checkRefusal(ctx, provider)
}

func aRequest() *pb.MessageRequest {
	prompt := &pb.Message{Role: pb.Role_ROLE_USER, Content: "Say hello"}
	return &pb.MessageRequest{Messages: []*pb.Message{prompt}}
}

func checkStream(ctx context.Context, provider pb.IAIProviderClient) error {
	stream, err := provider.SendMessage(ctx, &pb.SendMessageRequest{Request: aRequest()})
	if err != nil {
		return err
	}
	var text string
	var completed *pb.Completed
	for sequence := int32(1); ; sequence++ {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if message.Sequence != sequence {
			return fmt.Errorf("sequence %d comes as number %d", message.Sequence, sequence)
		}
		if completed != nil {
			return errors.New("completed is the last message")
		}
		text += message.GetTextDelta().GetText()
		completed = message.GetCompleted()
	}
	if completed.GetFinishReason() != pb.FinishReason_FINISH_REASON_STOP {
		return fmt.Errorf("the answer is complete: %v", completed)
	}
	if text != "Hello from the stub." {
		return fmt.Errorf("the text arrives whole: %q", text)
	}
	return nil
}

func checkRefusal(ctx context.Context, provider pb.IAIProviderClient) error {
	request := aRequest()
	request.Temperature = new(float64)
	*request.Temperature = 3
	_, err := provider.SendMessageSync(ctx, &pb.SendMessageSyncRequest{Request: request})
	if status.Code(err) != codes.InvalidArgument {
		return fmt.Errorf("a bad temperature is refused: %v", err)
	}
	details := status.Convert(err).Details()
	if !slices.ContainsFunc(details, namesTemperature) {
		return fmt.Errorf("the bad field is named: %v", details)
	}
	if !slices.ContainsFunc(details, isFailureInfo) {
		return fmt.Errorf("FailureInfo is among the details: %v", details)
	}
	return nil
}

func namesTemperature(detail any) bool {
	bad, is := detail.(*errdetails.BadRequest)
	return is && len(bad.FieldViolations) == 1 &&
		bad.FieldViolations[0].Field == "request.temperature"
}

func isFailureInfo(detail any) bool {
	info, is := detail.(*pb.FailureInfo)
	return is && info.Reason == pb.ErrorReason_ERROR_REASON_INVALID_REQUEST
}
