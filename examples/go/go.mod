module example

go 1.26.0

require (
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261019180522-ce908d29299b
	google.golang.org/grpc v1.85.0
	provider.tamma.dev/go v0.0.0
)

// What was generated there.
replace provider.tamma.dev/go => ./stubs
