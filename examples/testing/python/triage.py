"""A model decides which team a ticket goes to."""

import json

import grpc
from tamma.provider.v1 import message_pb2, provider_pb2

# Where people look at what no model could assign.
INBOX = "inbox"

PATIENCE_SECONDS = 20

ASSIGN = message_pb2.Tool(
    name="assign",
    description="Assign the ticket to a team",
    input_schema='{"type":"object","properties":{"team":{"type":"string"}}}',
)


def team(provider, ticket: str, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """The team that a ticket is for."""
    prompt = message_pb2.Message(role=message_pb2.ROLE_USER, content=ticket)
    request = message_pb2.MessageRequest(messages=[prompt], tools=[ASSIGN])
    try:
        answer = provider.SendMessageSync(
            provider_pb2.SendMessageSyncRequest(request=request), timeout=patience_seconds
        )
    except grpc.RpcError:
        return INBOX
    for call in answer.response.tool_calls:
        return json.loads(call.arguments).get("team", INBOX)
    return INBOX
