package triage

import (
	"context"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "provider.tamma.dev/go/tamma/provider/v1"
)

func TestTeam(t *testing.T) {
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	connection, err := grpc.NewClient(os.Getenv("TAMMA_ADDRESS"), plain)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	provider := pb.NewIAIProviderClient(connection)

	for name, test := range map[string]struct{ ticket, team string }{
		"the model assigns":             {"My invoice is wrong", "billing"},
		"the model is busy at first":    {"Everybody asks all at once", "support"},
		"the model refuses":             {"Something forbidden", Inbox},
		"the model only says something": {"Hello", Inbox},
	} {
		t.Run(name, func(t *testing.T) {
			if team := Team(t.Context(), provider, test.ticket); team != test.team {
				t.Errorf("%q goes to %s, not to %s", test.ticket, team, test.team)
			}
		})
	}
	t.Run("the model does not answer", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if team := Team(ctx, provider, "This one waits for ever"); team != Inbox {
			t.Errorf("it goes to %s", team)
		}
	})
}
