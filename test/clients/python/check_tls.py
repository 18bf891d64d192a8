"""Calls a sidecar over TLS through stubs generated from the contract, in every way that its cases name.

Usage: check_tls.py DIRECTORY STUBS: what tls-sidecar.ts wrote, and what grpc_tools.protoc wrote.
"""

import pathlib
import sys

sys.path.insert(0, sys.argv[2])

import grpc
from tamma.provider.v1 import message_pb2, provider_pb2, provider_pb2_grpc

DEADLINE_SECONDS = 20
DIRECTORY = pathlib.Path(sys.argv[1])


def read(name: str) -> bytes:
    return (DIRECTORY / name).read_bytes()


def channel(address: str, ca: str, own: str) -> grpc.Channel:
    if ca == "plain":
        return grpc.insecure_channel(address)
    key, cert = (None, None) if own == "none" else (read(f"{own}.key"), read(f"{own}.crt"))
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(read(f"{ca}.crt"), key, cert))


def outcome(address: str, ca: str, own: str) -> str:
    prompt = message_pb2.Message(role=message_pb2.ROLE_USER, content="Say hello")
    request = provider_pb2.SendMessageSyncRequest(
        request=message_pb2.MessageRequest(messages=[prompt])
    )
    with channel(address, ca, own) as connection:
        provider = provider_pb2_grpc.IAIProviderStub(connection)
        try:
            answer = provider.SendMessageSync(request, timeout=DEADLINE_SECONDS)
        except grpc.RpcError as error:
            return "refused" if error.code() == grpc.StatusCode.UNAVAILABLE else str(error)
        return "ok" if answer.response.content == "Hello from the stub." else str(answer)


for line in (DIRECTORY / "cases").read_text().splitlines():
    *case, expected = line.split(" ")
    actual = outcome(*case)
    print(line)
    if actual != expected:
        sys.exit(f"not so: {line}: {actual}")
