"""Calls the sidecar at TAMMA_ADDRESS (127.0.0.1:50051), at the socket TAMMA_SOCKET if there is one, and
over TLS at TAMMA_TLS_ADDRESS with the certificate authority TAMMA_CA and the token TAMMA_TOKEN.

The stubs are on PYTHONPATH.
"""

import json
import os

import grpc
from provider_client import OPTIONS, collect, error_details, turn
from tamma.provider.v1 import (
    event_pb2,
    message_pb2,
    provider_pb2,
    provider_pb2_grpc,
    usage_provider_pb2,
    usage_provider_pb2_grpc,
)


def ask(content, **fields):
    prompt = message_pb2.Message(role=message_pb2.ROLE_USER, content=content)
    return message_pb2.MessageRequest(messages=[prompt], **fields)


def sync(request):
    return provider_pb2.SendMessageSyncRequest(request=request)


def stream(provider):
    """An answer as it comes."""
    text = ""
    for message in provider.SendMessage(provider_pb2.SendMessageRequest(request=ask("Say hello"))):
        kind = message.WhichOneof("event")
        if kind == "text_delta":
            text += message.text_delta.text
        elif kind == "completed":
            reason = event_pb2.FinishReason.Name(message.completed.finish_reason)
            print("stream:", text)
            print(
                f"finish: {reason.removeprefix('FINISH_REASON_')},"
                f" cost in {message.completed.cost.total.currency_code}"
            )


def restart(provider):
    """An answer that breaks off and starts again: what came before `attempt_reset` is void."""
    options = event_pb2.StreamOptions(recovery=event_pb2.STREAM_RECOVERY_RESTART)
    request = provider_pb2.SendMessageRequest(request=ask("Break once"), options=options)
    text = collect(provider.SendMessage(request)).text
    print("restart:", text)


def tools(provider):
    """The model calls a function, and answers with what the function said."""
    schema = json.dumps({"type": "object", "properties": {"city": {"type": "string"}}})
    weather = message_pb2.Tool(
        name="get_weather", description="The weather now", input_schema=schema
    )
    request = ask("How warm is it in Paris?", tools=[weather])
    answer = provider.SendMessageSync(sync(request)).response
    request.messages.append(turn(answer))
    for call in answer.tool_calls:
        print("tool:", call.name, call.arguments)
        request.messages.add(
            role=message_pb2.ROLE_TOOL, tool_call_id=call.id, content="21 degrees"
        )
    print("tool answer:", provider.SendMessageSync(sync(request)).response.content)


def endings(provider):
    """A deadline, which the sidecar keeps with every retry in it, and a cancel."""
    request = ask("Take your time")
    failure_of("deadline", lambda: provider.SendMessageSync(sync(request), timeout=0.5))
    call = provider.SendMessage(provider_pb2.SendMessageRequest(request=request))
    call.cancel()
    failure_of("cancel", lambda: collect(call))


def refusals(provider):
    """What a refusal says: every bad field, and whether it is worth another try."""
    bad = ask("Say hello", temperature=3, top_p=-1)
    refused = failure_of("refusal", lambda: provider.SendMessageSync(sync(bad)))
    for violation in error_details(refused).bad_request.field_violations:
        print("bad field:", violation.field)

    often = ask("Too often")
    limited = failure_of("limit", lambda: provider.SendMessageSync(sync(often), timeout=20))
    details = error_details(limited)
    print(f"reason: {details.info.reason}, retryable {str(details.retryable).lower()}")
    soon = "in minutes" if details.retry_after_seconds > 60 else "soon"
    print(f"retry: {soon}, attempts {details.failure.attempts}")


def budgets(usage):
    request = usage_provider_pb2.GetBudgetsRequest(name="costManagement")
    for budget in usage.GetBudgets(request).budgets:
        print(f"budget: {budget.name}, {budget.limit.units} USD")


def trace(provider):
    """The sidecar's spans and errors carry the caller's trace."""
    metadata = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    bad = ask("Say hello", temperature=3)
    error = failure_of("traced", lambda: provider.SendMessageSync(sync(bad), metadata=metadata))
    print("trace:", error_details(error).info.metadata["trace_id"])


def failure_of(what, call):
    """Makes a call that must fail, and prints the name of its status."""
    try:
        call()
    except grpc.RpcError as error:
        print(f"{what}: {error.code().name}")
        return error
    raise AssertionError(f"{what}: it did not fail")


def hello(channel, over):
    with channel:
        provider = provider_pb2_grpc.IAIProviderStub(channel)
        answer = provider.SendMessageSync(sync(ask("Say hello")), wait_for_ready=True, timeout=10)
        print(f"{over}: {answer.response.content}")


def main():
    address = os.environ.get("TAMMA_ADDRESS", "127.0.0.1:50051")
    with grpc.insecure_channel(address, OPTIONS) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        provider = provider_pb2_grpc.IAIProviderStub(channel)
        for part in (stream, restart, tools, endings, refusals):
            part(provider)
        budgets(usage_provider_pb2_grpc.IAIUsageProviderStub(channel))
        trace(provider)
    if socket := os.environ.get("TAMMA_SOCKET"):
        hello(grpc.insecure_channel(f"unix:{socket}", OPTIONS), "socket")
    if secured := os.environ.get("TAMMA_TLS_ADDRESS"):
        with open(os.environ["TAMMA_CA"], "rb") as roots:
            tls = grpc.ssl_channel_credentials(roots.read())
        token = grpc.access_token_call_credentials(os.environ["TAMMA_TOKEN"])
        credentials = grpc.composite_channel_credentials(tls, token)
        hello(grpc.secure_channel(secured, credentials, OPTIONS), "tls")


main()
