"""Calls every RPC in every way that the tables of doors-sidecar.ts name, and prints what came of it.

Usage: check_doors.py DIRECTORY
"""

import base64
import pathlib
import sys

import grpc

DEADLINE_SECONDS = 20
DIRECTORY = pathlib.Path(sys.argv[1])


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (DIRECTORY / name).read_text().splitlines()]


def read(name: str) -> bytes:
    return (DIRECTORY / name).read_bytes()


def channel(address: str, ca: str, own: str) -> grpc.Channel:
    if ca == "plain":
        return grpc.insecure_channel(address)
    key, cert = (None, None) if own == "none" else (read(f"{own}.key"), read(f"{own}.crt"))
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(read(f"{ca}.crt"), key, cert))


def outcome(connection: grpc.Channel, path: str, request: bytes, token: str) -> str:
    """The name of the status, `OK` as soon as there is an answer: what is watched has no end."""
    metadata = [] if token == "none" else [("authorization", f"Bearer {token}")]
    # An answer to a unary call is a stream of one.
    answers = connection.unary_stream(path)(request, timeout=DEADLINE_SECONDS, metadata=metadata)
    try:
        next(answers, None)
    except grpc.RpcError as error:
        return error.code().name
    answers.cancel()
    return "OK"


for name, address, ca, own, token in rows("cases"):
    with channel(address, ca, own) as connection:
        for path, request in rows("methods"):
            status = outcome(connection, path, base64.b64decode(request), token)
            print(name, path, status, sep="\t")
