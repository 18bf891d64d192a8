module triage

go 1.26.0

require (
	google.golang.org/grpc v1.85.0
	provider.tamma.dev/go v0.0.0
)

// Generated as docs/clients/go.md says.
replace provider.tamma.dev/go => ../../go/stubs
