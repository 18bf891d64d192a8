#!/usr/bin/env python3
"""Computes golden.json: what usage costs by the model catalogue, to the pico-dollar.

An independent reading of OpenAI's billing rules; it shares nothing with src/money/pricing but the
catalogue. After a change of prices, or of a case in test/wire:

    python3 test/money/pricing/golden.py > test/money/pricing/golden.json
"""

import json
import random
import sys
from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, setcontext
from pathlib import Path

# Nothing may be rounded: prices of the catalogue are whole pico-dollars per token.
setcontext(Context(prec=60, traps=[Inexact]))

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "src/request/catalogue/models.json"
WIRE = ROOT / "test/wire/cases/answers"
PICO_DOLLARS = Decimal(10) ** 12
TOKENS_OF_A_PRICE = Decimal(10) ** 6

COLUMNS = [
    "model", "api", "tier", "ttl", "at",
    "input", "output", "cacheRead", "cacheWrite", "reasoning", "picoDollars",
]
LISTS = {"": "standard", "auto": "standard", "default": "standard", "scale": "standard",
         "flex": "flex", "priority": "priority", "fast": "priority"}
CLASSES = ["input", "cachedInput", "cacheWrite", "cacheWrite12h", "output"]
NOW = "2026-11-22T12:00:00Z"
BATCH, DIRECT = "batch", "direct"
ABSENT = "-"


def moment(text):
    return datetime.fromisoformat(text)


def with_defaults(prices):
    """Cached input and writes cost what input costs where they have no price of their own."""
    write = prices.get("cacheWrite", prices["input"])
    full = {"cachedInput": prices["input"], "cacheWrite": write, "cacheWrite12h": write, **prices}
    return {name: Decimal(full[name]) for name in CLASSES if name in full}


def price_table(prices, price_list, at):
    """The table in force, or None if the model was not sold by this list then."""
    for period in prices["history"]:
        if at < moment(period["until"] + "T00:00:00Z") + timedelta(days=1):
            return with_defaults(period) if price_list == "standard" else None
    return with_defaults(prices[price_list]) if price_list in prices else None


def lengthened(table, prices):
    """A long prompt multiplies every price by what it multiplies the standard one."""
    standard, long = with_defaults(prices["standard"]), with_defaults(prices["longContext"])
    return {name: price * (long[name] / standard[name]) for name, price in table.items()}


def cost(model, row):
    prices = model.get("prices")
    price_list = "batch" if row["api"] == BATCH else LISTS.get(row["tier"])
    if prices is None or price_list is None:
        return None
    table = price_table(prices, price_list, moment(row["at"]))
    if table is None:
        return None
    if "longContext" in prices and row["input"] > prices["longContext"]["aboveInputTokens"]:
        if price_list == "priority" and not prices["longContext"].get("inPriority"):
            return None  # Before GPT-5.6 fast mode is not sold for long prompts.
        table = lengthened(table, prices)
    if row["output"] > 0 and "output" not in table:
        return None
    written = min(row["cacheWrite"], row["input"])
    read = min(row["cacheRead"], row["input"] - written)
    write_price = table["cacheWrite12h" if row["ttl"] == "12h" else "cacheWrite"]
    # Reasoning is a part of the output and costs nothing beside it.
    dollars = (
        (row["input"] - written - read) * table["input"]
        + read * table["cachedInput"]
        + written * write_price
        + row["output"] * table.get("output", Decimal(0))
    ) / TOKENS_OF_A_PRICE
    pico = dollars * PICO_DOLLARS
    assert pico == pico.to_integral_value(), (model["id"], row)
    return int(pico)


def case(model, tokens, tier="", api=DIRECT, ttl="", at=NOW, read=0, write=0, reasoning=0):
    facts = [model["id"], api, tier, ttl, at, *tokens, read, write, reasoning]
    pico = cost(model, dict(zip(COLUMNS, facts)))
    return " ".join(ABSENT if fact in ("", None) else str(fact) for fact in [*facts, pico])


def every_list(model, tokens, **more):
    for tier in ("default", "flex", "priority"):
        yield case(model, tokens, tier, **more)
    yield case(model, tokens, api=BATCH, **more)


def cases_of(model):
    """What every row of the catalogue has to get right."""
    yield from every_list(model, (1_234, 567), reasoning=300)
    yield case(model, (10_000, 1_000), read=4_096, write=2_048, reasoning=999)
    prices = model.get("prices") or {"history": []}
    if "longContext" in prices:
        step = prices["longContext"]["aboveInputTokens"]
        for tokens in (step - 1, step, step + 1):
            yield from every_list(model, (tokens, 2_000), read=200_000, write=50_001)
    if "cacheWrite12h" in prices.get("standard", {}):
        for ttl in ("30m", "12h"):
            yield from every_list(model, (9_999, 7), write=7_777, ttl=ttl)
    for period in prices["history"]:
        end = moment(period["until"] + "T00:00:00Z") + timedelta(days=1)
        for at in (end - timedelta(days=400), end - timedelta(milliseconds=1), end):
            text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield from every_list(model, (3_000, 700), at=text, read=1_000, write=500)
            yield case(model, (300_000, 700), at=text)


def odd_cases(models):
    for tier in ("", "auto", "default", "scale", "flex", "priority", "fast", "ultrafast", "Default"):
        yield case(models["gpt-5.6-sol"], (5_000, 50), tier, read=1_024, write=2_048)
        yield case(models["gpt-4o-mini"], (1, 1), tier, api=BATCH)
    for name in ("gpt-5.6-sol", "gpt-4o", "text-embedding-3-small"):
        model = models[name]
        yield case(model, (0, 0))
        yield case(model, (1, 0))
        yield case(model, (0, 1))
        yield case(model, (2**31 - 1, 0))
        yield case(model, (2**31 - 1, 2**31 - 1), read=2**30, write=2**30 - 1)
        yield case(model, (100, 1), read=100)
        yield case(model, (100, 1), write=100)
        # Parts that exceed their whole.
        yield case(model, (100, 1), read=80, write=80)
        yield case(model, (100, 1), read=500, write=500)


def random_cases(models, count):
    dice = random.Random(20261122)
    names = sorted(models)
    for _ in range(count):
        input_tokens = int(10 ** dice.uniform(0, 6))
        write = dice.choice((0, dice.randint(0, input_tokens)))
        read = dice.choice((0, dice.randint(0, input_tokens - write)))
        output_tokens = int(10 ** dice.uniform(0, 5.1))
        yield case(
            models[dice.choice(names)],
            (input_tokens, output_tokens),
            dice.choice(("", "default", "flex", "priority", "fast")),
            dice.choice((DIRECT, DIRECT, DIRECT, BATCH)),
            dice.choice(("", "30m", "12h")),
            read=read,
            write=write,
            reasoning=dice.randint(0, output_tokens),
        )


def chunk(**fields):
    choice = {"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **fields}


def end(**fields):
    return chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop", **fields}])


def last(usage):
    return chunk(choices=[], usage=usage)


ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def usage_shapes(row):
    """The same counts as servers are known to send them: what is odd, the API, the events."""
    i, o, read, write, thought = (row[k] for k in ("input", "output", "cacheRead", "cacheWrite", "reasoning"))
    plain = {"prompt_tokens": i, "completion_tokens": o, "total_tokens": i + o}
    inner = {"completion_tokens_details": {"reasoning_tokens": thought}}
    full = {**plain, **inner, "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": write}}
    deepseek = {**plain, **inner, "prompt_cache_hit_tokens": read, "prompt_cache_miss_tokens": i - read,
                "prompt_tokens_details": {"cache_write_tokens": write}}
    moonshot = {**full, "cached_tokens": read, "prompt_tokens_details": {"cache_write_tokens": write}}
    xai = {**full, "completion_tokens": o - thought}
    part = {**ZERO, "prompt_tokens": i, "completion_tokens": o // 2, "total_tokens": i + o // 2}
    chat = "chat_completions"
    yield "as OpenAI", chat, [chunk(), end(), last(full), "[DONE]"]
    yield "DeepSeek: hits beside the prompt", chat, [chunk(), end(), last(deepseek), "[DONE]"]
    yield "Moonshot: cached beside the prompt", chat, [chunk(), end(), last(moonshot), "[DONE]"]
    yield "Moonshot: usage inside the choice", chat, [chunk(), end(usage=full), "[DONE]"]
    yield "xAI: reasoning outside of the output", chat, [chunk(), end(), last(xai), "[DONE]"]
    yield "zeros first", chat, [chunk(usage=ZERO), end(), last(full), "[DONE]"]
    yield "zeros behind it", chat, [chunk(), end(), last(full), last(ZERO), "[DONE]"]
    yield "nothing behind it", chat, [chunk(), end(), last(full), last({}), "[DONE]"]
    yield "cumulative in each chunk", chat, [chunk(usage=part), chunk(usage=full), end(), "[DONE]"]
    yield "with the finish reason", chat, [chunk(), {**end(), "usage": full}, "[DONE]"]
    yield "behind [DONE]", chat, [chunk(), end(), "[DONE]", last(full)]
    details = {"input_tokens_details": {"cached_tokens": read, "cache_write_tokens": write},
               "output_tokens_details": {"reasoning_tokens": thought}}
    responses = {"input_tokens": i, "output_tokens": o, "total_tokens": i + o, **details}
    for name, usage in (("as OpenAI", responses), ("with the names of Chat Completions", full)):
        text = {"type": "response.output_text.delta", "item_id": "m", "output_index": 0,
                "content_index": 0, "delta": "Hello"}
        response = {"id": "r", "object": "response", "model": "m", "status": "completed", "output": [],
                    "usage": usage}
        yield name, "responses", [text, {"type": "response.completed", "response": response}]


def shapes(models):
    for name in ("gpt-5.6-sol", "gpt-5.4-mini"):
        write = 300 if "cacheWrite" in models[name]["prices"]["standard"] else 0
        facts = [name, DIRECT, "", "", NOW, 12_345, 678, 4_096, write, 234]
        row = dict(zip(COLUMNS, facts))
        for kind, surface, events in usage_shapes(row):
            yield {"kind": kind, "surface": surface, "model": name, "events": events,
                   "picoDollars": str(cost(models[name], row))}
    for kind, usage in (("all zero", ZERO), ("none at all", None)):
        events = [chunk(), end(), *([last(usage)] if usage else []), "[DONE]"]
        yield {"kind": kind, "surface": "chat_completions", "model": "gpt-5.4-mini", "events": events,
               "picoDollars": None}


COUNTS = {"inputTokens": "input", "outputTokens": "output", "cacheReadTokens": "cacheRead",
          "cacheWriteTokens": "cacheWrite", "reasoningTokens": "reasoning"}
PRICED_BY = ("gpt-4o", "gpt-5.6-sol")


def wire(models):
    """Every answer of a server that says what was used, as those say it who wrote the case down."""
    for path in sorted(WIRE.glob("*.json")):
        usage = json.loads(path.read_text())["outcome"].get("usage", {"estimated": True})
        counts = {column: usage.get(name, 0) for name, column in COUNTS.items()}
        row = {"api": DIRECT, "tier": "", "ttl": "", "at": NOW, **counts}
        # Of audio, text models have no price.
        for name in () if usage.get("estimated") or "audioInputTokens" in usage else PRICED_BY:
            yield f"{path.name} {name} {cost(models[name], row)}"


def main():
    catalogue = json.loads(CATALOGUE.read_text())
    models = {model["id"]: model for model in catalogue["models"]}
    cases = [row for model in models.values() for row in cases_of(model)]
    cases += [*odd_cases(models), *random_cases(models, 150)]
    golden = {"columns": " ".join(COLUMNS), "cases": cases, "shapes": [*shapes(models)],
              "wire": [*wire(models)]}
    json.dump(golden, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
