"""The little that every caller of the sidecar needs beside the generated stubs. Copy it."""

import dataclasses
from typing import Iterable, Optional

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from tamma.provider.v1 import error_pb2, event_pb2, message_pb2

OPTIONS = [
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    # The sidecar retries, and a client that is told to by a name server multiplies. Not enable_retries: it would
    # also lose calls that were on their way when a sidecar stopped, which gRPC sends to another.
    ("grpc.service_config_disable_resolution", 1),
    # A connection that has died without a word would hold its calls for a quarter of an hour. The last has it ask
    # on while an answer takes its time.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
]


@dataclasses.dataclass
class ErrorDetails:
    """What the sidecar says of a failed call. Messages that it did not send are empty."""

    info: error_details_pb2.ErrorInfo
    bad_request: error_details_pb2.BadRequest
    failure: error_pb2.FailureInfo
    retry_after_seconds: Optional[float] = None

    @property
    def retryable(self) -> bool:
        return self.info.metadata.get("retryable") == "true"


def error_details(error: grpc.RpcError) -> ErrorDetails:
    details = ErrorDetails(
        error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_pb2.FailureInfo()
    )
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        for message in (details.info, details.bad_request, details.failure):
            packed.Unpack(message)
        retry = error_details_pb2.RetryInfo()
        if packed.Unpack(retry):
            details.retry_after_seconds = retry.retry_delay.ToTimedelta().total_seconds()
    return details


@dataclasses.dataclass
class Answer:
    """A whole answer. With a refusal there is no text, whatever form it was to have."""

    text: str = ""
    # What the model said on the way, as far as it tells that from its answer.
    commentary: str = ""
    refusal: str = ""
    completed: Optional[event_pb2.Completed] = None


def collect(stream: Iterable) -> Answer:
    """Reads an answer to its end, without what an `attempt_reset` took back."""
    answer = Answer()
    for message in stream:
        kind = message.WhichOneof("event")
        if kind == "text_delta" and message.text_delta.phase == "commentary":
            answer.commentary += message.text_delta.text
        elif kind == "text_delta":
            answer.text += message.text_delta.text
        elif kind == "refusal_delta":
            answer.refusal += message.refusal_delta.text
        elif kind == "attempt_reset":
            answer = Answer()
        elif kind == "completed":
            answer.completed = message.completed
    return answer


def turn(answer: event_pb2.MessageResponse) -> message_pb2.Message:
    """An answer as it goes back into the conversation: with what the upstream wants to see again."""
    return message_pb2.Message(
        role=message_pb2.ROLE_ASSISTANT,
        content=answer.content or answer.commentary or answer.refusal,
        phase="commentary" if answer.commentary and not answer.content else "",
        tool_calls=answer.tool_calls,
        reasoning_items=answer.reasoning_items,
        reasoning=answer.reasoning,
        provider_data=answer.provider_data,
    )
