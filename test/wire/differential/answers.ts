import fc from 'fast-check';
import { codePoint } from '../../support/code-points.ts';

/** A call as the model means it. */
export interface ACall {
  readonly id: string;
  readonly name: string;
  /** JSON, cut for the last call of an answer that ran out of tokens. */
  readonly args: string;
}

/** What a model says, whichever server sends it and however. */
export interface AnAnswer {
  readonly reasoning: string;
  readonly text: string;
  readonly refusal: string;
  readonly calls: readonly ACall[];
  readonly end: 'stop' | 'length' | 'content_filter';
  /** Reasoning is part of the output, what was cached part of the input. */
  readonly usage:
    | {
        readonly input: number;
        readonly output: number;
        readonly cached: number;
        readonly reasoning: number;
      }
    | undefined;
}

/** Two of them begin alike. */
export const TOOLS = ['get_weather', 'search', 'search_files', 'run'] as const;

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abc XYZ,.') },
  { weight: 2, arbitrary: codePoint },
  {
    weight: 2,
    arbitrary: fc.constantFrom('😀', '🇩🇪', '\n\n', '\r\n', 'data: ', '[DONE]', '{}', '"', '\u2028'),
  },
);
const someText = fc.string({ unit: character, maxLength: 24 });
const maybeText = fc.oneof(someText, fc.constant(''));

const args = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom('city', 'path', 'n', 'ключ'),
      fc.oneof(someText, fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer())),
      { maxKeys: 3 },
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom('{}', '', '{"n":12345678901234567890}', '{"a":{"b":["}"]}}'),
);

const calls = fc
  .array(fc.record({ name: fc.constantFrom(...TOOLS), args }), { maxLength: 4 })
  .map((list) => list.map((call, i) => ({ id: `call_${i}abc`, ...call })));

const count = fc.integer({ min: 1, max: 5_000 });
const usage = fc
  .record({ input: count, output: count, cachedOf: fc.nat(4), reasoningOf: fc.nat(4) })
  .map(({ input, output, cachedOf, reasoningOf }) => ({
    input,
    output,
    cached: Math.floor((input * cachedOf) / 4),
    reasoning: Math.floor((output * reasoningOf) / 4),
  }));

export const anyAnswer: fc.Arbitrary<AnAnswer> = fc
  .record({
    reasoning: maybeText,
    text: maybeText,
    refusal: fc.oneof(
      { weight: 6, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: someText },
    ),
    calls: fc.oneof(calls, fc.constant([])),
    end: fc.constantFrom(
      'stop' as const,
      'stop' as const,
      'length' as const,
      'content_filter' as const,
    ),
    usage: fc.option(usage, { freq: 5, nil: undefined }),
  })
  .map(cutWhereTokensEnded);

/** The tokens of an answer end in its last call. */
function cutWhereTokensEnded(answer: AnAnswer): AnAnswer {
  const last = answer.calls.at(-1);
  if (answer.end !== 'length' || last === undefined) return answer;
  const characters = [...last.args];
  const cut = { ...last, args: characters.slice(0, Math.ceil(characters.length / 2)).join('') };
  return { ...answer, calls: [...answer.calls.slice(0, -1), cut] };
}

/** One of each list, and then the next one of each. */
export function inTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) =>
    lists.flatMap((list) => list.slice(i, i + 1)),
  ).flat();
}
