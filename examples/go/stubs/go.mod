module provider.tamma.dev/go

go 1.26.0
