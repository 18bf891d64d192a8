import { setTimeout as sleep } from 'node:timers/promises';
import {
  answer,
  drip,
  headersThenSilence,
  httpError,
  type ServerExchange,
  silent,
  stallAfter,
} from '../../support/upstream/index.ts';
import type { Scenario, Stage, TimedCall } from './play.ts';

/** What a machine with much to do may be late, in s. */
const LATE_S = 2;

export const SCENARIOS: readonly Scenario[] = [
  {
    what: 'headers at once and the first token after 20 s, nowhere else to go',
    play: async (stage) => {
      stage.stub.enqueue(firstTokenAfter20s);
      expectCall(stage, await stage.call('FAIL'), { outcome: 'OK', attempts: 1, takesS: 20 });
    },
  },
  {
    what: 'headers at once and the first token after 20 s, with a fallback',
    fallback: true,
    play: async (stage) => {
      stage.stub.enqueue(firstTokenAfter20s);
      expectCall(stage, await stage.call('sync'), { outcome: 'OK', attempts: 2, takesS: 10 });
    },
  },
  {
    what: 'headers and nothing more, nowhere else to go, until the deadline',
    play: async (stage) => {
      stage.stub.enqueue(headersThenSilence(), headersThenSilence());
      const call = await stage.call('FAIL', 90);
      expectCall(stage, call, { outcome: 'DEADLINE_EXCEEDED', attempts: 2, takesS: 90 });
    },
  },
  {
    what: 'one byte a second, until the deadline',
    play: async (stage) => {
      stage.stub.enqueue(drip(1, 1000), drip(1, 1000));
      const call = await stage.call('sync', 90);
      expectCall(stage, call, { outcome: 'DEADLINE_EXCEEDED', attempts: 2, takesS: 90 });
    },
  },
  {
    what: 'one byte a second, with a fallback',
    fallback: true,
    play: async (stage) => {
      stage.stub.enqueue(drip(1, 1000));
      expectCall(stage, await stage.call('RESTART'), { outcome: 'OK', attempts: 2, takesS: 10 });
    },
  },
  {
    what: 'accepted and silent',
    play: async (stage) => {
      // The same silent target is not asked a third time.
      stage.stub.enqueue(silent(), silent());
      const call = await stage.call('HOLD_BACK');
      expectCall(stage, call, { outcome: 'TIMEOUT', attempts: 2, takesS: 60, spreadS: 1.5 });
    },
  },
  {
    what: 'accepted and silent, with a fallback',
    fallback: true,
    play: async (stage) => {
      stage.stub.enqueue(silent());
      expectCall(stage, await stage.call('FAIL'), { outcome: 'OK', attempts: 2, takesS: 10 });
    },
  },
  {
    what: 'a stall in the middle of the answer, kept by FAIL',
    play: async (stage) => {
      stage.stub.enqueue(stallAfter(2));
      const call = await stage.call('FAIL');
      expectCall(stage, call, { outcome: 'STREAM_INTERRUPTED', attempts: 1, takesS: 30 });
    },
  },
  {
    what: 'a stall in the middle of the answer, recovered by RESTART',
    play: async (stage) => {
      stage.stub.enqueue(stallAfter(2));
      const call = await stage.call('RESTART');
      expectCall(stage, call, { outcome: 'OK', attempts: 2, takesS: 30, spreadS: 0.5 });
      stage.check('the texts are not two', call.texts.length === 2);
    },
  },
  {
    what: '429 with Retry-After of 65 s, and time enough',
    play: async (stage) => {
      stage.stub.enqueue(comeBackIn65s);
      const call = await stage.call('sync');
      expectCall(stage, call, { outcome: 'OK', attempts: 2, takesS: 65, spreadS: 0.5 });
    },
  },
  {
    what: '429 with Retry-After of 65 s, and a deadline of 30 s',
    leftAloneS: 65,
    play: async (stage) => {
      stage.stub.enqueue(comeBackIn65s);
      const call = await stage.call('FAIL', 30);
      expectCall(stage, call, { outcome: 'RATE_LIMIT_EXCEEDED', attempts: 1, takesS: 0 });
    },
  },
  {
    what: 'down for a minute, then healthy; twenty calls through it, with a fallback',
    fallback: true,
    play: async (stage) => {
      const calls = await callsThroughOutage(stage);
      stage.check(
        'a call failed',
        calls.every(({ outcome }) => outcome === 'OK'),
      );
      expectRecovery(stage, calls, ({ answer: given }) => given?.target === 'default');
    },
  },
  {
    what: 'down for a minute, then healthy; twenty calls through it, nowhere else to go',
    play: async (stage) => {
      const calls = await callsThroughOutage(stage);
      const clean = ['OK', 'SERVICE_UNAVAILABLE', 'CIRCUIT_OPEN'];
      stage.check(
        'an unclean end',
        calls.every(({ outcome }) => clean.includes(outcome)),
      );
      expectRecovery(stage, calls, ({ outcome }) => outcome === 'OK');
    },
  },
];

const comeBackIn65s = httpError(429, {
  code: 'rate_limit_exceeded',
  headers: { 'retry-after': '65' },
});

async function firstTokenAfter20s(exchange: ServerExchange): Promise<void> {
  exchange.headers();
  await exchange.delay(20_000);
  await answer()(exchange);
}

interface Expected {
  readonly outcome: string;
  /** Requests to all upstreams. */
  readonly attempts: number;
  readonly takesS: number;
  /** By how much pauses between attempts may lengthen it. Default 0. */
  readonly spreadS?: number;
}

function expectCall(stage: Stage, call: TimedCall, expected: Expected): void {
  const { outcome, attempts, takesS, spreadS = 0 } = expected;
  const took = call.to - call.from;
  stage.check(`expected ${outcome}`, call.outcome === outcome);
  stage.check(`expected ${attempts} attempts`, stage.attempts === attempts);
  // Deadlines are kept a little early.
  stage.check(`shorter than ${takesS} s`, took > takesS - 0.1);
  stage.check(`longer than ${takesS} s`, took < takesS + spreadS + LATE_S);
}

const CALLS = 20;
const DOWN_S = 60;
const EVERY_S = 4;
/** Within which a recovered upstream is used again. */
const RECOVERY_S = 15;
const MAX_ATTEMPTS = 3;

/** Twenty calls, one every four seconds, of which the first minute meets an upstream that is down. */
async function callsThroughOutage(stage: Stage): Promise<TimedCall[]> {
  stage.stub.setDefault(httpError(503));
  const recovery = sleep(DOWN_S * 1000).then(() => stage.stub.setDefault(answer()));
  const calls: Promise<TimedCall>[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    calls.push(stage.call('FAIL'));
    await sleep(EVERY_S * 1000);
  }
  await recovery;
  return Promise.all(calls);
}

function expectRecovery(
  stage: Stage,
  calls: readonly TimedCall[],
  isGood: (call: TimedCall) => boolean,
): void {
  const late = calls.filter(({ from }) => from >= DOWN_S + RECOVERY_S);
  stage.check('no call behind the recovery', late.length > 0);
  stage.check('it is not used again in time', late.every(isGood));
  // While calls wait for the circuit there is a probe each second beside them, and more in the first ten.
  const most = MAX_ATTEMPTS * CALLS + 2 * DOWN_S;
  stage.check('the circuit stayed closed', stage.stub.requests.length < most);
}
