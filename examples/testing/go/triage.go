// Package triage has a model decide which team a ticket goes to.
package triage

import (
	"context"
	"encoding/json"
	"time"

	pb "provider.tamma.dev/go/tamma/provider/v1"
)

// Inbox is where people look at what no model could assign.
const Inbox = "inbox"

const patience = 20 * time.Second

var assign = &pb.Tool{
	Name:        "assign",
	Description: "Assign the ticket to a team",
	InputSchema: `{"type":"object","properties":{"team":{"type":"string"}}}`,
}

// Team is the team that a ticket is for. It waits no longer than ctx does.
func Team(ctx context.Context, provider pb.IAIProviderClient, ticket string) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	prompt := &pb.Message{Role: pb.Role_ROLE_USER, Content: ticket}
	answer, err := provider.SendMessageSync(ctx, &pb.SendMessageSyncRequest{
		Request: &pb.MessageRequest{Messages: []*pb.Message{prompt}, Tools: []*pb.Tool{assign}},
	})
	if err != nil {
		return Inbox
	}
	for _, call := range answer.GetResponse().GetToolCalls() {
		var arguments struct{ Team string }
		if json.Unmarshal([]byte(call.GetArguments()), &arguments) == nil && arguments.Team != "" {
			return arguments.Team
		}
	}
	return Inbox
}
