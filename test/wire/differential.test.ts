import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fewOrMany } from '../support/long.ts';
import { type AnAnswer, anyAnswer } from './differential/answers.ts';
import { Chance } from './differential/chance.ts';
import {
  anyChatServer,
  hasIds,
  toChatEvents,
  toCompletion,
  withoutRiddles,
} from './differential/chat.ts';
import { anyFraming, toStream, toWhole } from './differential/framing.ts';
import { completedOf, foldDeltas, readPieces } from './differential/read.ts';
import * as responses from './differential/responses.ts';

const RUNS = fewOrMany(60, 5_000);
/** Fixed, so that a failure is the change's and not the day's. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_128);
const seed = fc.integer();

function check(
  { events, error }: Awaited<ReturnType<typeof readPieces>>,
  answer: AnAnswer,
  hasCallIds: boolean,
  commentary = '',
): void {
  if (error !== undefined) throw error instanceof Error && error.cause ? error.cause : error;
  const completed = completedOf(events);
  const { calls, ...said } = foldDeltas(events);
  const { text, reasoning, refusal } = answer;
  expect(said).toEqual({ text, commentary, reasoning, refusal });
  expect(calls.map(({ name, args }) => ({ name, args }))).toEqual(
    answer.calls.map(({ name, args }) => ({ name, args })),
  );
  expect(completed.toolCalls.map(({ id, name, arguments: args }) => ({ id, name, args }))).toEqual(
    calls,
  );
  if (hasCallIds) expect(calls.map(({ id }) => id)).toEqual(answer.calls.map(({ id }) => id));
  expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
  const called = answer.end === 'stop' && calls.length > 0;
  expect(completed.finishReason).toBe(called ? 'tool_calls' : answer.end);
  const { usage } = answer;
  expect(completed.usage).toMatchObject(
    usage === undefined
      ? { estimated: true }
      : {
          inputTokens: usage.input,
          outputTokens: usage.output,
          cacheReadTokens: usage.cached,
          reasoningTokens: usage.reasoning,
          estimated: false,
        },
  );
}

describe('one answer, however it is sent over Chat Completions', () => {
  it('comes out the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyAnswer,
        anyChatServer,
        anyFraming,
        seed,
        async (answer, any, framing, n) => {
          const server = withoutRiddles(any, answer);
          const chance = new Chance(n);
          const response = server.whole
            ? toWhole(toCompletion(answer, server), framing)
            : toStream(toChatEvents(answer, server, chance), framing, chance);
          check(await readPieces('chat_completions', response, chance), answer, hasIds(server));
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

describe('one answer, however it is sent over Responses', () => {
  it('comes out the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyAnswer,
        responses.anyResponsesServer,
        anyFraming,
        seed,
        async (answer, any, framing, n) => {
          const server = responses.withoutRiddles(any, answer);
          const chance = new Chance(n);
          const response =
            server.whole === 'stream'
              ? toStream(responses.toResponsesEvents(answer, server, chance), framing, chance)
              : toWhole(responses.toResponse(answer, server), framing);
          const read = await readPieces('responses', response, chance);
          check(read, answer, server.callIds, responses.commentaryOf(server));
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
