import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { ErrorFacts, ProviderError } from '../../src/core/errors.ts';
import { type Surface, unknownModel } from '../../src/core/model.ts';
import { troubleOf } from '../../src/policies/breaker/upstream-trouble.ts';
import { decideRetry } from '../../src/policies/retry/decide.ts';
import { DEFAULT_RETRY } from '../../src/policies/retry/options.ts';
import { openUpstream, readAll, textOf, until } from '../openai/open-upstream.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { Behaviour } from '../support/upstream/index.ts';

/** What a server was reported to send where it gives no answer, and what is to become of it. */
interface ErrorCase {
  /** What it says, in a sentence. */
  readonly kind: string;
  /** The public report: repository and number. `none`: of the same kind as others, but not reported. */
  readonly source: string;
  readonly server: string;
  /** Default: both, as the error is the same. */
  readonly surface?: Surface;
  /** Whether a stream is asked for. Default: both. */
  readonly stream?: boolean;
  readonly response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly json?: unknown;
    readonly body?: string;
    /** The body is sent in this content coding. */
    readonly compress?: keyof typeof CODERS;
    /** The body never ends. */
    readonly open?: true;
  };
  readonly outcome: {
    readonly reason: string;
    /** The same request is made again, at the same target. */
    readonly again: boolean;
    /** It counts towards the circuit. */
    readonly outage: boolean;
    readonly facts?: Partial<ErrorFacts>;
    /** Proto path of the field that is to blame. */
    readonly field?: string;
    /** Part of the message. */
    readonly message?: string;
    /** The upstream's words, as the caller sees them. */
    readonly words?: string;
    /** What is delivered before. */
    readonly text?: string;
  };
}

const CODERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const satisfies Record<string, (text: string) => Buffer>;

const FOLDER = join(import.meta.dirname, 'cases', 'errors');
const SURFACES: readonly Surface[] = ['chat_completions', 'responses'];

/** Longer than the body of an error is waited for, in ms. */
const LONG = 6_000;

const CASES = readdirSync(FOLDER).flatMap((file) => {
  const read: ErrorCase = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
  const surfaces = read.surface === undefined ? SURFACES : [read.surface];
  const modes = read.stream === undefined ? [true, false] : [read.stream];
  return surfaces.flatMap((surface) =>
    modes.map((stream) => ({ ...read, name: file.replace('.json', ''), surface, stream })),
  );
});

function behaviourOf({
  status,
  headers,
  json,
  body,
  compress,
  open,
}: ErrorCase['response']): Behaviour {
  const text = json === undefined ? (body ?? '') : JSON.stringify(json);
  return (exchange) => {
    exchange.headers(status, {
      'content-type': 'application/json',
      ...(compress && { 'content-encoding': compress }),
      ...headers,
    });
    if (text !== '') exchange.raw(compress === undefined ? text : CODERS[compress](text));
    if (!open) exchange.end();
  };
}

function decided(error: ProviderError): boolean {
  const failed = {
    error,
    attempts: 1,
    free: false,
    final: false,
    remainingMs: 1e9,
    hasAlternatives: false,
    tookMs: 0,
  };
  return decideRetry(failed, DEFAULT_RETRY, { random: () => 0.5, maxWaitMs: 1e9 }).retry;
}

describe('an error that a server was reported to send', () => {
  it.each(CASES)('$name over $surface, stream $stream: $server: $kind', async (read) => {
    const { surface, stream, outcome: expected } = read;
    const clock = new FakeClock();
    const model = { ...unknownModel('gpt-test'), supports: { streaming: stream } };
    const call = aCall({ target: { model, surface }, attempt: 1 });
    const { upstream } = await openUpstream(behaviourOf(read.response), { clock });
    const reading = readAll((emit) => upstream.answer(call, emit));
    if (read.response.open) {
      await until(() => clock.pending > 0);
      clock.advance(LONG);
    }
    const { events, error } = await reading;

    if (error === undefined) throw new Error('the attempt succeeded');
    expect([error.reason, decided(error), troubleOf(error, call) === 'down']).toEqual([
      expected.reason,
      expected.again,
      expected.outage,
    ]);
    expect(error.facts).toMatchObject(expected.facts ?? {});
    const { status } = read.response;
    if (status >= 300) expect(error.facts.upstreamStatus).toBe(status);
    expect(error.message).toContain(expected.message ?? '');
    if (expected.words !== undefined) expect(error.facts.upstreamMessage).toBe(expected.words);
    if (expected.field !== undefined) {
      expect(error.facts.fieldViolations).toMatchObject([{ field: expected.field }]);
    }
    expect(textOf(events)).toBe(expected.text ?? '');
    expect(clock.pending).toBe(0);
  });
});
