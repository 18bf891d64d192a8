import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Call, Handler } from '../../../src/core/call.ts';
import type { AnswerEvent, Completed, ProviderEvent } from '../../../src/core/events.ts';
import { Flow } from '../../../src/core/flow.ts';
import { replay } from '../../../src/money/cache/replay.ts';
import { decodeAnswer, encodeAnswer } from '../../../src/money/cache/stored-answer.ts';
import { SharedRun } from '../../../src/money/sharing/shared-run.ts';
import { aCall, completed, drain, RESET, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/*
 * Whatever an answer consists of, tool calls in fragments that are said by turns and answers that begin anew
 * included, each of those who share it, and whoever gets it again, can put together the same.
 */

const words = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
/** Long enough to be told in several pieces. */
const long = words.map((word) => word.repeat(Math.ceil(3_000 / word.length)));
const fragment = fc.oneof({ weight: 9, arbitrary: words }, { weight: 1, arbitrary: long });

/** What is said, before it is known which fragment of a tool call is its first. */
const said = fc.array(
  fc.oneof(
    fragment.map((value) => text(value)),
    fragment.map((value) => ({ type: 'reasoningDelta' as const, text: value })),
    fc.record({
      type: fc.constant('toolCallDelta' as const),
      index: fc.nat(2),
      id: fc.constant(''),
      name: fc.constant(''),
      argumentsFragment: fragment,
    }),
    fc.constant(RESET),
  ),
  { maxLength: 60 },
);

/**
 * As it is heard of an upstream: each attempt begins anew, each of its tool calls has a head, and only what
 * was said is taken back.
 */
function asUpstream(events: readonly AnswerEvent[]): readonly AnswerEvent[] {
  let attempt = 1;
  let known = new Set<number>();
  const all: AnswerEvent[] = [started()];
  for (const event of events) {
    if (event.type === 'attemptReset') {
      if (all.at(-1)?.type === 'started') continue;
      attempt += 1;
      known = new Set();
      all.push({ ...RESET, attempt }, started({ attempt, responseId: `answer-${attempt}` }));
    } else if (event.type === 'toolCallDelta' && !known.has(event.index)) {
      known.add(event.index);
      const head = { id: `call-${attempt}-${event.index}`, name: `tool-${event.index}` };
      all.push({ ...event, ...head, ...(event.index === 2 && { kind: 'custom' as const }) });
    } else all.push(event);
  }
  return all;
}

/** What a caller puts together of what it was told: what stands. */
function whole(events: readonly ProviderEvent[]) {
  const from = events.findLastIndex(({ type }) => type === 'attemptReset') + 1;
  const answer = { id: '', starts: 0, text: '', reasoning: '' };
  const calls: Record<number, { id: string; name: string; kind: string; arguments: string }> = {};
  for (const event of events.slice(from)) {
    if (event.type === 'started') {
      answer.id = event.responseId;
      answer.starts += 1;
    }
    if (event.type === 'textDelta') answer.text += event.text;
    if (event.type === 'reasoningDelta') answer.reasoning += event.text;
    if (event.type !== 'toolCallDelta') continue;
    const { index, id, name, kind = 'function', argumentsFragment } = event;
    const call = calls[index] ?? { id: '', name: '', kind: '', arguments: '' };
    calls[index] = {
      // As clients do that follow OpenAI's own: both are joined like the arguments.
      id: call.id + id,
      name: call.name + name,
      kind: call.kind || kind,
      arguments: call.arguments + argumentsFragment,
    };
  }
  return { ...answer, calls };
}

/** Lets promises that can settle do so. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** The event after which the last one comes. */
const LAST = 60;

interface Plan {
  /** After so many events it comes. */
  readonly comes: number;
  /** Its caller takes nothing from this event on, and for so many. */
  readonly slow: number;
  readonly slowFor: number;
  readonly recovery: Call['recovery'];
}

const plans = fc.array(
  fc.record<Plan>({
    comes: fc.nat(LAST),
    slow: fc.nat(80),
    slowFor: fc.nat(30),
    recovery: fc.constantFrom('restart', 'hold_back', 'resume'),
  }),
  { minLength: 1, maxLength: 6 },
);

function dawdle(flow: Flow, { slow, slowFor }: Plan, at: number): void {
  if (at === slow) flow.hold();
  if (at === slow + slowFor) flow.release();
}

/** An answer on its way, and those who come and dawdle while it is. */
async function shared(answer: readonly AnswerEvent[], readers: readonly Plan[]) {
  const end = Promise.withResolvers<Completed>();
  let say: (event: AnswerEvent) => void = () => {};
  const upstream: Handler = (_call, emit) => {
    say = emit;
    return end.promise;
  };
  const options = { clock: new FakeClock(), graceMs: 0, isOne: false };
  const run = new SharedRun(upstream, aCall({ recovery: 'restart' }), options);
  const follow = (call: Call) => drain((emit) => run.follow(call, emit));
  const all = [follow(aCall({ recovery: 'restart' }))];
  const callers = readers.map((plan) => ({ ...plan, flow: new Flow() }));
  for (let at = 0; at <= Math.max(answer.length, LAST); at += 1) {
    for (const { flow, ...plan } of callers) {
      dawdle(flow, plan, at);
      if (at === plan.comes) all.push(follow(aCall({ flow, recovery: plan.recovery })));
    }
    for (const event of answer.slice(at, at + 1)) say(event);
    if (at % 7 === 0) await settled();
  }
  end.resolve(completed());
  await settled();
  for (const { flow } of callers) flow.release();
  return { run, seen: await Promise.all(all) };
}

it('an answer that is shared is put together alike by all, and by whoever gets it again', async () => {
  await fc.assert(
    fc.asyncProperty(said, plans, async (events, readers) => {
      const answer = asUpstream(events);
      const { run, seen } = await shared(answer, readers);
      expect(seen.map(({ error }) => error)).toEqual(seen.map(() => undefined));
      const stored = run.answer(completed());
      const again = stored && decodeAnswer(encodeAnswer(stored));
      if (again === undefined) throw new Error('It was not whole.');
      const replayed = await drain((emit) => replay(again, aCall(), emit));
      for (const { events: told } of [...seen, replayed]) {
        expect(whole(told)).toEqual(whole(answer));
      }
    }),
    { numRuns: 150 },
  );
});
