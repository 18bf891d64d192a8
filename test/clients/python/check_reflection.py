"""Calls a running provider knowing nothing but its address.

Usage: python check_reflection.py 127.0.0.1:50051 [model]

Everything comes from server reflection: the services, the message classes, the call itself. Python's
descriptor pool refuses what is not a valid descriptor, which clients of other languages may forgive.
grpcio-reflection speaks grpc.reflection.v1alpha only.
Exits with 0 if all is well, else with 1 and one line on stderr.
"""

import argparse
import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

SERVICE = "tamma.provider.v1.IAIProvider"
USAGE_SERVICE = "tamma.provider.v1.IAIUsageProvider"
EXPECTED_SERVICES = {SERVICE, USAGE_SERVICE, "grpc.health.v1.Health"}
TIMEOUT_S = 30


class CheckFailed(Exception):
    """What is wrong, in one line."""


def expect(condition, message):
    if not condition:
        raise CheckFailed(message)


def find_service(channel):
    """Lists the services and resolves SERVICE from the server's descriptors alone."""
    database = ProtoReflectionDescriptorDatabase(channel)
    services = set(database.get_services())
    print("services:", *sorted(services), sep="\n  ")
    missing = EXPECTED_SERVICES - services
    expect(not missing, f"services missing: {', '.join(sorted(missing))}")
    service = DescriptorPool(database).FindServiceByName(SERVICE)
    print(f"methods of {SERVICE}:", *(method.name for method in service.methods), sep="\n  ")
    return service


def check_health(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    for name in ["", SERVICE, USAGE_SERVICE, "liveness", "readiness"]:
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=TIMEOUT_S)
        status = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
        print(f'health of "{name}": {status}')
        expect(status == "SERVING", f'health of "{name}" is {status}')


def send_message(channel, service, model):
    """Streams one answer and checks what the contract promises about its order."""
    method = service.methods_by_name["SendMessage"]
    request = json_format.ParseDict(
        {
            "request": {
                "model": model,
                "messages": [{"role": "ROLE_USER", "content": "Say hello."}],
            }
        },
        GetMessageClass(method.input_type)(),
    )
    call = channel.unary_stream(
        f"/{SERVICE}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    events = []
    for position, response in enumerate(call(request, timeout=TIMEOUT_S), start=1):
        event = response.WhichOneof("event")
        line = json_format.MessageToJson(response, indent=None, preserving_proto_field_name=True)
        print("event:", line)
        expect(response.sequence == position, f"sequence {response.sequence}, not {position}")
        events.append(event)
    expect(events, "the stream ended OK without an event")
    expect(events[0] == "started", f"the first event is {events[0]}, not started")
    expect(events[-1] == "completed", f"the last event is {events[-1]}, not completed")
    expect(events.count("completed") == 1, f"{events.count('completed')} completed events")


def describe(error):
    """The call's status, and its ErrorInfo if there is one, in one line."""
    text = f"{error.code().name}: {error.details()}"
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            text += f" ({info.reason} of {info.domain})"
    return text.replace("\n", " ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address", help="127.0.0.1:50051 or unix:/path")
    parser.add_argument("model", nargs="?", default="", help="default: the server's")
    arguments = parser.parse_args()
    try:
        with grpc.insecure_channel(arguments.address) as channel:
            service = find_service(channel)
            check_health(channel)
            send_message(channel, service, arguments.model)
    except grpc.RpcError as error:
        sys.exit(f"failed: {describe(error)}")
    except (CheckFailed, KeyError, TypeError, ValueError) as error:
        sys.exit(f"failed: {error}")
    print("ok")


if __name__ == "__main__":
    main()
