// Calls every RPC in every way that the tables of doors-sidecar.ts name, and prints what came of it:
// main DIRECTORY.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

func main() {
	directory := os.Args[1]
	for _, one := range rows(directory, "cases") {
		security, err := securityOf(directory, one[2], one[3])
		if err != nil {
			fail(err)
		}
		connection, err := grpc.NewClient(one[1], grpc.WithTransportCredentials(security))
		if err != nil {
			fail(err)
		}
		for _, method := range rows(directory, "methods") {
			status := code.Code(status.Code(call(connection, method[0], method[1], one[4])))
			fmt.Println(strings.Join([]string{one[0], method[0], status.String()}, "\t"))
		}
		connection.Close()
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func rows(directory, name string) (rows [][]string) {
	text, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		fail(err)
	}
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
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

// call returns as soon as there is an answer: what is watched has no end. Its messages are not looked into.
func call(connection *grpc.ClientConn, path, request, token string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if token != "none" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	bytes, err := base64.StdEncoding.DecodeString(request)
	if err != nil {
		fail(err)
	}
	message := &emptypb.Empty{}
	if err := proto.Unmarshal(bytes, message); err != nil {
		fail(err)
	}
	// An answer to a unary call is a stream of one.
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path)
	if err != nil {
		return err
	}
	// What goes wrong here is told by RecvMsg.
	_ = stream.SendMsg(message)
	_ = stream.CloseSend()
	if err := stream.RecvMsg(&emptypb.Empty{}); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
