"""Talks to a sidecar through stubs generated from the contract.

Usage: generated_client.py ADDRESS STUBS, where STUBS is the folder that grpc_tools.protoc wrote to.
"""

import sys

sys.path.insert(0, sys.argv[2])

import grpc
from google.rpc import error_details_pb2
from google.type import money_pb2
from grpc_status import rpc_status
from tamma.provider.v1 import (
    batch_provider_pb2,
    batch_provider_pb2_grpc,
    error_pb2,
    event_pb2,
    message_pb2,
    provider_pb2,
    provider_pb2_grpc,
    usage_provider_pb2,
    usage_provider_pb2_grpc,
)

DEADLINE_SECONDS = 10


def check(condition: bool, what: str) -> None:
    if not condition:
        sys.exit(f"not so: {what}")


def a_request(**fields) -> message_pb2.MessageRequest:
    prompt = message_pb2.Message(role=message_pb2.ROLE_USER, content="Say hello")
    return message_pb2.MessageRequest(messages=[prompt], **fields)


def nanos_of(money: money_pb2.Money) -> int:
    return money.units * 10**9 + money.nanos


def check_stream(provider: provider_pb2_grpc.IAIProviderStub) -> money_pb2.Money:
    """Returns what the answer cost."""
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
    cost = completed.cost
    check(cost.total.currency_code == "USD", f"the cost is in US dollars: {cost}")
    check(nanos_of(cost.total) > 0, f"the answer cost something: {cost}")
    check(not cost.unpriced and not cost.estimated, f"the cost is exact: {cost}")
    check(cost.price_catalogue_version != "", "the cost names its prices")
    return cost.total


def failed_call(provider: provider_pb2_grpc.IAIProviderStub, **fields) -> grpc.RpcError:
    """How a request fails."""
    request = provider_pb2.SendMessageSyncRequest(request=a_request(**fields))
    try:
        provider.SendMessageSync(request, timeout=DEADLINE_SECONDS)
    except grpc.RpcError as error:
        return error
    sys.exit(f"not so: refused: {fields}")


def detail_of(error: grpc.RpcError, detail):
    """Fills a detail with that of its type."""
    for candidate in rpc_status.from_call(error).details:
        if candidate.Unpack(detail):
            return detail
    sys.exit(f"not so: {detail.DESCRIPTOR.full_name} is among the details")


def check_refusal(provider: provider_pb2_grpc.IAIProviderStub) -> None:
    error = failed_call(provider, temperature=3.0, top_p=-1.0)
    check(error.code() is grpc.StatusCode.INVALID_ARGUMENT, f"refused: {error.code()}")
    info = detail_of(error, error_details_pb2.ErrorInfo())
    check(info.reason == "INVALID_REQUEST", f"the reason is INVALID_REQUEST: {info.reason}")
    check(info.domain == "provider.tamma.dev", "the domain is ours")
    bad = detail_of(error, error_details_pb2.BadRequest())
    fields = sorted(violation.field for violation in bad.field_violations)
    check(fields == ["request.temperature", "request.top_p"], f"all bad fields are named: {fields}")
    failure = detail_of(error, error_pb2.FailureInfo())
    check(failure.reason == error_pb2.ERROR_REASON_INVALID_REQUEST, "the reason is an enum too")


def check_deadline(provider: provider_pb2_grpc.IAIProviderStub) -> None:
    """The sidecar must end calls before the timer of this client does, which knows no details.

    On a busy machine a call may take longer to arrive than the sidecar is early.
    """
    prompt = message_pb2.Message(role=message_pb2.ROLE_USER, content="Take your time")
    silent = message_pb2.MessageRequest(messages=[prompt])
    told = 0
    for _ in range(30):
        request = provider_pb2.SendMessageSyncRequest(request=silent)
        try:
            provider.SendMessageSync(request, timeout=0.3)
        except grpc.RpcError as error:
            check(error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, f"too late: {error.code()}")
            if rpc_status.from_call(error) is None:
                continue
            info = detail_of(error, error_details_pb2.ErrorInfo())
            check(info.reason == "DEADLINE_EXCEEDED", f"the reason is told: {info.reason}")
            told += 1
            if told == 5:
                return
        else:
            sys.exit("not so: a model that is silent misses the deadline")
    sys.exit(f"not so: details arrive in time: {told} of 30")


def check_budget(provider: provider_pb2_grpc.IAIProviderStub) -> None:
    error = failed_call(provider, metadata={"user_id": "broke"})
    check(error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, f"not affordable: {error.code()}")
    quota = detail_of(error, error_details_pb2.QuotaFailure())
    check(quota.violations[0].subject == "pocket-money", f"the budget is named: {quota}")
    budget = detail_of(error, error_pb2.FailureInfo()).budget
    check(budget.name == "pocket-money", f"the budget comes along: {budget}")
    check(budget.subject == "broke", f"and whose it is: {budget}")
    check(nanos_of(budget.limit) == 100, f"and its limit: {budget}")
    check(budget.reset_time.seconds > budget.start_time.seconds, f"and its reset: {budget}")


def check_usage(usage: usage_provider_pb2_grpc.IAIUsageProviderStub, cost: money_pb2.Money) -> None:
    """What was just spent is in the ledger and in the budget."""
    request = usage_provider_pb2.GetUsageRequest(
        group_by=[
            usage_provider_pb2.USAGE_DIMENSION_MODEL,
            usage_provider_pb2.USAGE_DIMENSION_OUTCOME,
        ]
    )
    answer = usage.GetUsage(request, timeout=DEADLINE_SECONDS)
    check(answer.total.attempts >= 1, f"the ledger has an attempt: {answer}")
    check(
        nanos_of(answer.total.cost.total) >= nanos_of(cost), f"the ledger has its cost: {answer}"
    )
    check(
        any(row.model != "" and row.outcome == "completed" for row in answer.rows),
        f"rows tell model and outcome: {answer}",
    )
    budgets = usage.GetBudgets(
        usage_provider_pb2.GetBudgetsRequest(name="costManagement"), timeout=DEADLINE_SECONDS
    )
    check(len(budgets.budgets) == 1, f"there is one budget: {budgets}")
    budget = budgets.budgets[0]
    check(nanos_of(budget.spent) >= nanos_of(cost), f"the budget counts it: {budget}")
    check(
        nanos_of(budget.remaining)
        == nanos_of(budget.limit) - nanos_of(budget.spent) - nanos_of(budget.reserved),
        f"the rest remains: {budget}",
    )


def check_batch(batches: batch_provider_pb2_grpc.IAIBatchProviderStub) -> None:
    """Creates a batch, and streams its results until it has ended."""

    def pieces(temperature: float):
        yield batch_provider_pb2.CreateBatchRequest(
            options=batch_provider_pb2.BatchOptions(display_name="python")
        )
        for number in range(3):
            request = a_request(max_tokens=100, temperature=temperature)
            item = batch_provider_pb2.BatchItem(custom_id=f"item-{number}", request=request)
            yield batch_provider_pb2.CreateBatchRequest(item=item)

    try:
        batches.CreateBatch(pieces(3.0), timeout=DEADLINE_SECONDS)
        sys.exit("not so: bad items are refused")
    except grpc.RpcError as error:
        bad = detail_of(error, error_details_pb2.BadRequest())
        fields = [violation.field for violation in bad.field_violations]
        expected = [f'items["item-{number}"].request.temperature' for number in range(3)]
        check(fields == expected, f"each bad item is named: {fields}")
    batch = batches.CreateBatch(pieces(1.0), timeout=DEADLINE_SECONDS).batch
    check(batch.counts.total == 3, f"all items were taken: {batch}")
    request = batch_provider_pb2.StreamBatchResultsRequest(batch_id=batch.id, wait=True)
    results = list(batches.StreamBatchResults(request, timeout=DEADLINE_SECONDS))
    check([result.sequence for result in results] == [1, 2, 3], f"they are numbered: {results}")
    texts = {result.custom_id: result.response.content for result in results}
    hello = "Hello from the stub."
    check(texts == {f"item-{number}": hello for number in range(3)}, f"all answered: {texts}")
    get = batch_provider_pb2.GetBatchRequest(batch_id=batch.id)
    batch = batches.GetBatch(get, timeout=DEADLINE_SECONDS).batch
    check(batch.state == batch_provider_pb2.BATCH_STATE_COMPLETED, f"it is complete: {batch}")
    check(nanos_of(batch.cost.total) > 0, f"and cost something: {batch}")


with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = provider_pb2_grpc.IAIProviderStub(channel)
    spent = check_stream(stub)
    check_refusal(stub)
    check_deadline(stub)
    check_budget(stub)
    check_usage(usage_provider_pb2_grpc.IAIUsageProviderStub(channel), spent)
    check_batch(batch_provider_pb2_grpc.IAIBatchProviderStub(channel))
