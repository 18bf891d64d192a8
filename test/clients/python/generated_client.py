"""Talks to a sidecar through stubs generated from the contract.

Usage: generated_client.py ADDRESS STUBS, where STUBS is the folder that grpc_tools.protoc wrote to.
"""

import sys

sys.path.insert(0, sys.argv[2])

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from tamma.provider.v1 import error_pb2, event_pb2, message_pb2, provider_pb2, provider_pb2_grpc

DEADLINE_SECONDS = 10


def check(condition: bool, what: str) -> None:
    if not condition:
        sys.exit(f"not so: {what}")


def a_request(**fields) -> message_pb2.MessageRequest:
    prompt = message_pb2.Message(role=message_pb2.ROLE_USER, content="Say hello")
    return message_pb2.MessageRequest(messages=[prompt], **fields)


def check_stream(provider: provider_pb2_grpc.IAIProviderStub) -> None:
    call = provider.SendMessage(
        provider_pb2.SendMessageRequest(request=a_request()), timeout=DEADLINE_SECONDS
    )
    messages = list(call)
    events = [message.WhichOneof("event") for message in messages]
    check(call.code() is grpc.StatusCode.OK, "the stream ends OK")
    check(
        [message.sequence for message in messages] == list(range(1, len(messages) + 1)),
        "sequences are 1, 2, 3, …",
    )
    check(events[0] == "started", "the first message is started")
    check(events.count("completed") == 1, "there is exactly one completed")
    check(events[-1] == "completed", "completed is the last message")
    text = "".join(message.text_delta.text for message in messages)
    check(text == "Hello from the stub.", f"the text arrives whole: {text!r}")
    completed = messages[-1].completed
    check(completed.finish_reason == event_pb2.FINISH_REASON_STOP, "the finish reason is STOP")
    check(completed.usage.total_tokens > 0, "there is usage")


def check_refusal(provider: provider_pb2_grpc.IAIProviderStub) -> None:
    request = a_request(temperature=3.0, top_p=-1.0)
    try:
        provider.SendMessageSync(
            provider_pb2.SendMessageSyncRequest(request=request), timeout=DEADLINE_SECONDS
        )
    except grpc.RpcError as error:
        check(error.code() is grpc.StatusCode.INVALID_ARGUMENT, f"refused: {error.code()}")
        details = {
            detail.type_url.rpartition("/")[2]: detail
            for detail in rpc_status.from_call(error).details
        }
    else:
        sys.exit("not so: a bad temperature is refused")

    info = error_details_pb2.ErrorInfo()
    check(details["google.rpc.ErrorInfo"].Unpack(info), "ErrorInfo can be unpacked")
    check(info.reason == "INVALID_REQUEST", f"the reason is INVALID_REQUEST: {info.reason}")
    check(info.domain == "provider.tamma.dev", "the domain is ours")
    bad = error_details_pb2.BadRequest()
    check(details["google.rpc.BadRequest"].Unpack(bad), "BadRequest can be unpacked")
    fields = sorted(violation.field for violation in bad.field_violations)
    check(fields == ["request.temperature", "request.top_p"], f"all bad fields are named: {fields}")
    failure = error_pb2.FailureInfo()
    check(
        details["tamma.provider.v1.FailureInfo"].Unpack(failure), "FailureInfo can be unpacked"
    )
    check(failure.reason == error_pb2.ERROR_REASON_INVALID_REQUEST, "the reason is an enum too")


with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = provider_pb2_grpc.IAIProviderStub(channel)
    check_stream(stub)
    check_refusal(stub)
