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
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "provider.tamma.dev/go/tamma/provider/v1"
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
	cost, err := checkStream(ctx, provider)
	if err != nil {
		return err
	}
	if err := checkRefusal(ctx, provider); err != nil {
		return err
	}
	if err := checkUsage(ctx, pb.NewIAIUsageProviderClient(connection), cost); err != nil {
		return err
	}
	return checkBatch(ctx, pb.NewIAIBatchProviderClient(connection))
}

func aRequest() *pb.MessageRequest {
	prompt := &pb.Message{Role: pb.Role_ROLE_USER, Content: "Say hello"}
	return &pb.MessageRequest{Messages: []*pb.Message{prompt}}
}

// checkStream returns what the answer cost.
func checkStream(ctx context.Context, provider pb.IAIProviderClient) (*pb.Cost, error) {
	stream, err := provider.SendMessage(ctx, &pb.SendMessageRequest{Request: aRequest()})
	if err != nil {
		return nil, err
	}
	var text string
	var completed *pb.Completed
	for sequence := int32(1); ; sequence++ {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if message.Sequence != sequence {
			return nil, fmt.Errorf("sequence %d comes as number %d", message.Sequence, sequence)
		}
		if completed != nil {
			return nil, errors.New("completed is the last message")
		}
		text += message.GetTextDelta().GetText()
		completed = message.GetCompleted()
	}
	if completed.GetFinishReason() != pb.FinishReason_FINISH_REASON_STOP {
		return nil, fmt.Errorf("the answer is complete: %v", completed)
	}
	if text != "Hello from the stub." {
		return nil, fmt.Errorf("the text arrives whole: %q", text)
	}
	cost := completed.GetCost()
	if cost.GetTotal().GetCurrencyCode() != "USD" || nanosOf(cost.GetTotal()) <= 0 {
		return nil, fmt.Errorf("the answer has its cost: %v", completed)
	}
	return cost, nil
}

func nanosOf(amount *money.Money) int64 {
	return amount.GetUnits()*1_000_000_000 + int64(amount.GetNanos())
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

// checkUsage finds what was just spent in the ledger and in the budget.
func checkUsage(ctx context.Context, usage pb.IAIUsageProviderClient, cost *pb.Cost) error {
	sums, err := usage.GetUsage(ctx, &pb.GetUsageRequest{
		GroupBy: []pb.UsageDimension{pb.UsageDimension_USAGE_DIMENSION_MODEL},
	})
	if err != nil {
		return err
	}
	if len(sums.Rows) == 0 || nanosOf(sums.Total.Cost.Total) < nanosOf(cost.Total) {
		return fmt.Errorf("the ledger has what was spent: %v", sums)
	}
	budgets, err := usage.GetBudgets(ctx, &pb.GetBudgetsRequest{Name: "costManagement"})
	if err != nil {
		return err
	}
	if len(budgets.Budgets) != 1 || nanosOf(budgets.Budgets[0].Spent) < nanosOf(cost.Total) {
		return fmt.Errorf("the budget counts what was spent: %v", budgets)
	}
	return nil
}

// checkBatch creates a batch, and streams its results until it has ended.
func checkBatch(ctx context.Context, batches pb.IAIBatchProviderClient) error {
	create, err := batches.CreateBatch(ctx)
	if err != nil {
		return err
	}
	options := &pb.CreateBatchRequest_Options{Options: &pb.BatchOptions{DisplayName: "go"}}
	if err := create.Send(&pb.CreateBatchRequest{Piece: options}); err != nil {
		return err
	}
	request := aRequest()
	request.MaxTokens = new(int32)
	*request.MaxTokens = 100
	for _, id := range []string{"a", "b"} {
		item := &pb.CreateBatchRequest_Item{Item: &pb.BatchItem{CustomId: id, Request: request}}
		if err := create.Send(&pb.CreateBatchRequest{Piece: item}); err != nil {
			return err
		}
	}
	created, err := create.CloseAndRecv()
	if err != nil {
		return err
	}
	id := created.GetBatch().GetId()
	stream, err := batches.StreamBatchResults(ctx, &pb.StreamBatchResultsRequest{BatchId: id, Wait: true})
	if err != nil {
		return err
	}
	var answered []string
	for {
		result, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if result.GetResponse().GetContent() != "Hello from the stub." {
			return fmt.Errorf("each item is answered: %v", result)
		}
		answered = append(answered, result.GetCustomId())
	}
	slices.Sort(answered)
	if !slices.Equal(answered, []string{"a", "b"}) {
		return fmt.Errorf("each item is answered once: %v", answered)
	}
	got, err := batches.GetBatch(ctx, &pb.GetBatchRequest{BatchId: id})
	if err != nil {
		return err
	}
	if got.GetBatch().GetState() != pb.BatchState_BATCH_STATE_COMPLETED {
		return fmt.Errorf("the batch is complete: %v", got)
	}
	return nil
}
