// Calls a sidecar over TLS through stubs generated from the contract, in every way that the cases of
// tls-sidecar.ts name: main DIRECTORY.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "provider.tamma.dev/go/tamma/provider/v1"
)

func main() {
	directory := os.Args[1]
	cases, err := os.ReadFile(filepath.Join(directory, "cases"))
	if err != nil {
		fail(err)
	}
	for line := range strings.Lines(string(cases)) {
		columns := strings.Fields(line)
		security, err := securityOf(directory, columns[1], columns[2])
		if err != nil {
			fail(err)
		}
		actual := outcome(columns[0], security)
		fmt.Print(line)
		if actual != columns[3] {
			fail(fmt.Errorf("%s: %s", strings.TrimSpace(line), actual))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "not so:", err)
	os.Exit(1)
}

func securityOf(directory, ca, own string) (credentials.TransportCredentials, error) {
	if ca == "plain" {
		return insecure.NewCredentials(), nil
	}
	path := func(name string) string { return filepath.Join(directory, name) }
	trusted, err := os.ReadFile(path(ca + ".crt"))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(trusted)
	if own != "none" {
		certificate, err := tls.LoadX509KeyPair(path(own+".crt"), path(own+".key"))
		if err != nil {
			return nil, err
		}
		// Whoever the server says that it trusts: it shows what it was told to.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &certificate, nil
		}
	}
	return credentials.NewTLS(config), nil
}

func outcome(address string, security credentials.TransportCredentials) string {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(security))
	if err != nil {
		return err.Error()
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	answer, err := pb.NewIAIProviderClient(connection).SendMessageSync(ctx, &pb.SendMessageSyncRequest{
		Request: &pb.MessageRequest{
			Messages: []*pb.Message{{Role: pb.Role_ROLE_USER, Content: "Say hello"}},
		},
	})
	switch {
	case status.Code(err) == codes.Unavailable:
		return "refused"
	case err != nil:
		return err.Error()
	case answer.GetResponse().GetContent() != "Hello from the stub.":
		return answer.String()
	}
	return "ok"
}
