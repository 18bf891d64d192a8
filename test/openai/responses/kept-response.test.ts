import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { AnswerEvent } from '../../../src/core/events.ts';
import {
  KeptResponse,
  type KeptResponseDeps,
} from '../../../src/openai/responses/kept-response.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** One whose first connection brought events 0 to 2, and whose second has begun. */
async function resumed(): Promise<KeptResponse> {
  const unreachable = { build: () => Promise.reject(new Error('unreachable')) };
  const deps = { clock: new FakeClock(), resources: () => unreachable };
  const kept = new KeptResponse(aCall(), deps as unknown as KeptResponseDeps);
  for (const sequence of [0, 1, 2]) expect(kept.reached(sequence)).toBe(true);
  await expect(kept.goOn(aCall(), () => {})).rejects.toThrow();
  return kept;
}

describe('an answer that goes on', () => {
  it('takes no event a second time', async () => {
    const kept = await resumed();
    expect([1, 2, 3, 4].map((sequence) => kept.reached(sequence))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(kept.events).toBe(5);
  });

  it('does not go on behind a gap', async () => {
    const kept = await resumed();
    expect(() => kept.reached(4)).toThrow('hung up');
    expect(kept.events).toBe(3);
  });
});

describe('an answer that is streamed no more', () => {
  /** One whose events are not counted, and which is looked after: so it stands, look by look. */
  function lookedAfter(...bodies: readonly object[]) {
    const clock = new FakeClock();
    const looks = bodies.map((body) => JSON.stringify(body));
    const resources = () => ({ askText: async () => looks.shift() });
    const deps = { clock, resources } as unknown as KeptResponseDeps;
    const kept = new KeptResponse(aCall(), deps);
    kept.reached(undefined);
    const progress: string[] = [];
    const events: AnswerEvent[] = [];
    const call = aCall({ onProgress: (what) => progress.push(what) });
    return {
      clock,
      looks,
      progress,
      events,
      completed: kept.goOn(call, (one) => events.push(one)),
    };
  }

  const response = (status: string, text = '') => ({
    id: 'resp_1',
    model: 'gpt-test-2026',
    status,
    output: text === '' ? [] : [{ type: 'message', id: 'msg_1', content: [{ text }] }],
  });

  it('is looked after until it has ended, and then told', async () => {
    const { clock, looks, progress, events, completed } = lookedAfter(
      response('queued'),
      response('in_progress'),
      response('completed', 'Hello'),
    );
    while (looks.length > 0) {
      await nextTurn();
      clock.advance(2_000);
    }
    expect(await completed).toMatchObject({ finishReason: 'stop', model: 'gpt-test-2026' });
    expect(events.map((event) => event.type)).toEqual(['started', 'textDelta']);
    // While it waits its turn it does not work.
    expect(progress).toEqual(['connected', 'headers', 'working']);
    expect(clock.pending).toBe(0);
  });

  it('ends as it failed', async () => {
    const error = { code: 'server_error', message: 'It broke.' };
    const { completed } = lookedAfter({ ...response('failed'), error });
    await expect(completed).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
  });
});
