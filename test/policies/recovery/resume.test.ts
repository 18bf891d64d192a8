import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { SILENT } from '../../../src/core/provider-log.ts';
import { resume } from '../../../src/policies/recovery/resume.ts';
import { aCall, completed, type Drained, drain, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aKeeper, nothingKept } from '../../support/kept.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const broke = new ProviderError('NETWORK_ERROR');
const refused = new ProviderError('INVALID_API_KEY', { upstreamStatus: 401 });
const silent = new ProviderError('TIMEOUT', { timeoutPhase: 'first_token' });

/** What one connection does: how many events it brings, and how it ends; undefined: well. */
type Connection = readonly [events: number, error?: ProviderError];

/** Runs a kept attempt over these connections, of which the first names the answer if it brings anything. */
async function run(
  connections: readonly Connection[],
  fields: Partial<Call> = {},
  keeping: Pick<Call, 'keeps'> = { keeps: true },
) {
  const clock = new FakeClock();
  const probe = new TelemetryProbe();
  const kept = { id: 'resp_1', hasOutput: false, isOver: false, events: 0 };
  const calls: Call[] = [];
  let lost = 0;
  const stage = resume(
    { maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 1_000 },
    {
      clock,
      random: () => 0.5,
      log: SILENT,
      register: nothingKept(clock),
      keeper: aKeeper(),
      instruments: probe.instruments,
    },
  );
  const handler = stage(async (call, emit) => {
    const [events, error] = connections[calls.length] ?? [0, broke];
    calls.push(call);
    call.onProgress('connected');
    if (events > 0 && call.resumes === undefined) {
      call.onKept?.(kept);
      emit(started());
    }
    for (let event = 0; event < events; event += 1) {
      kept.events += 1;
      kept.hasOutput = true;
      emit(text('a'));
    }
    if (error !== undefined) throw error;
    return completed();
  });
  const onLost = () => {
    lost += 1;
  };
  const call = aCall({ ...keeping, onLost, ...fields });
  let drained: Drained | undefined;
  const done = drain((emit) => handler(call, emit)).then((result) => {
    drained = result;
  });
  while (drained === undefined) {
    await new Promise(setImmediate);
    if (clock.pending > 0) clock.advance(clock.nextDue - clock.now());
  }
  await done;
  return { ...(drained as Drained), calls, lost, call, waited: call.record.backoffMs };
}

describe('resume', () => {
  it('is nothing to an answer that is not kept', async () => {
    const { calls, error } = await run([[2, broke]], {}, {});
    expect(calls).toHaveLength(1);
    expect(error).toBe(broke);
  });

  it('goes on with the same answer over another connection', async () => {
    const { calls, events } = await run([[2, broke], [1, broke], [1]]);
    expect(calls.map(({ resumes }) => resumes?.id)).toEqual([undefined, 'resp_1', 'resp_1']);
    expect(events.map(({ type }) => type)).toEqual([
      'started',
      ...Array(4).fill('textDelta'),
      'completed',
    ]);
  });

  it('gives up after as many connections in a row as a target gets attempts, with the break', async () => {
    const other = new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 });
    const { calls, error, waited } = await run([
      [2, broke],
      [0, other],
      [0, other],
      [0, other],
    ]);
    expect(calls).toHaveLength(4);
    expect(error).toBe(broke);
    expect(waited).toBe(50 + 100 + 200);
  });

  it('begins to count anew with each connection that brings something', async () => {
    const connections: Connection[] = Array.from({ length: 12 }, () => [1, broke]);
    const { calls, events } = await run([...connections, [1]]);
    expect(calls).toHaveLength(13);
    expect(events.at(-1)?.type).toBe('completed');
  });

  it('ends with the break where the key is refused', async () => {
    const { calls, error } = await run([
      [2, broke],
      [0, refused],
    ]);
    expect(calls).toHaveLength(2);
    expect(error).toBe(broke);
  });

  it('does not wait longer than there is time', async () => {
    const { calls, error } = await run([[2, broke]], { deadline: Date.UTC(2026, 0, 1) + 50 });
    expect(calls).toHaveLength(1);
    expect(error).toBe(broke);
  });

  it('leaves an upstream that names the answer and then is silent', async () => {
    const clock = new FakeClock();
    const kept = { id: 'resp_1', hasOutput: false, isOver: false, events: 1 };
    const stage = resume(
      { maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 1_000 },
      {
        clock,
        random: () => 0,
        log: SILENT,
        register: nothingKept(clock),
        keeper: aKeeper(),
        instruments: new TelemetryProbe().instruments,
      },
    );
    const handler = stage(async (call) => {
      call.onKept?.(kept);
      throw silent;
    });
    const { error } = await drain((emit) => handler(aCall({ keeps: true }), emit));
    expect(error).toBe(silent);
  });

  it('tells of an answer that nobody can go on with, once the request may have left', async () => {
    const { error, lost, call } = await run([[0, broke]]);
    expect(error).toBe(broke);
    expect(lost).toBe(1);
    expect(call.record.warnings).toHaveLength(1);
  });

  it('takes a refusal for no answer', async () => {
    const { error, lost } = await run([[0, refused]]);
    expect(error).toBe(refused);
    expect(lost).toBe(0);
  });
});
