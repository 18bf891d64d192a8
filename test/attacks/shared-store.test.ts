import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { eventually, LogProbe } from '../shared-store/support.ts';
import { type HostileRedis, startHostileRedis } from '../support/hostile-redis.ts';
import { PatientClock } from '../support/patient-clock.ts';
import { random } from '../support/random.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const MIB = 2 ** 20;
const DOLLAR = 1_000_000_000_000n;
/** As long as the server is not known to be away, who has no lease of a budget is refused. */
const ENDS = ['completed', 'BUDGET_EXCEEDED'];

let redis: HostileRedis | undefined;
let provider: OpenAIProvider | undefined;
let upstream: StubUpstream | undefined;

afterEach(async () => {
  await provider?.dispose();
  await upstream?.close();
  await redis?.close();
});

async function open(
  conduct: (command: string, socket: Socket) => void,
  clock: Clock = systemClock,
): Promise<LogProbe> {
  redis = await startHostileRedis(conduct);
  upstream = await startStubUpstream();
  const log = new LogProbe();
  const budget = { name: 'users', scope: 'user', match: '*', limit: DOLLAR } as const;
  provider = createOpenAIProvider(
    {
      keys: [],
      baseUrl: upstream.url,
      version: '1.2.3',
      defaultModel: 'gpt-4o-mini',
      rateLimit: { requestsPerMinute: 600_000 },
      budgets: {
        budgets: [{ ...budget, period: 'month', alertThresholds: [] }],
        // Whoever has no lease is refused at once.
        maxWaitMs: 1,
      },
      sharedStore: { url: redis.url, keyPrefix: 'test:', leaseMs: 30_000, onOutage: 'allow' },
    },
    { log, clock },
  );
  return log;
}

/** As what it ends. */
async function ask(userId: string): Promise<string> {
  const answer = provider?.sendMessageSync({
    messages: [{ role: 'user', content: 'Hi' }],
    maxTokens: 16,
    metadata: { user_id: userId },
  });
  return (await answer?.then(
    () => 'completed',
    (error: { reason?: string }) => error.reason ?? String(error),
  )) as string;
}

const block = (text: string) => Buffer.from(text.repeat(Math.ceil((64 * 1024) / text.length)));

/** As much as is taken. */
function forEver(socket: Socket, bytes: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

describe('a Redis server that means harm', () => {
  it.each([
    ['half a gigabyte', '$536870912\r\n', 'x'],
    ['a line without end', '+', 'x'],
    ['an error without end', '-', 'x'],
  ])('is given up at 16 MiB of %s', async (_what, head, body) => {
    let written = 0;
    // That it sends too much is why it is given up, and not that a slow machine reads it slowly.
    const clock = new PatientClock();
    const log = await open((_command, socket) => {
      socket.write(head);
      forEver(socket, block(body));
      written = Math.max(written, socket.bytesWritten);
      socket.once('close', () => {
        written = Math.max(written, socket.bytesWritten);
      });
    }, clock);
    const first = ask('somebody');
    await eventually(() =>
      log.fields.some((fields) => /more than any reply/.test(errorIn(fields))),
    );
    clock.isPatient = false;
    expect(ENDS).toContain(await first);
    // What the kernel holds comes on top.
    await eventually(() => written > 0);
    expect(written).toBeLessThan(64 * MIB);
    expect(ENDS).toContain(await ask('somebody else'));
  });

  it.each([
    ['says what is no reply', '!§$%&/()=\r\n'],
    ['answers what nobody asked', '+OK\r\n+OK\r\n+OK\r\n'],
    ['nests its replies without end', '*1\r\n'.repeat(20_000)],
  ])('does not stop calls: it %s', async (_what, says) => {
    await open((_command, socket) => void socket.write(says));
    for (const user of ['a', 'b', 'c']) expect(ENDS).toContain(await ask(user));
    await provider?.getUsage({ groupBy: [] });
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'does not stop calls by replies of any shape: seed %d',
    async (seed) => {
      const chance = random(seed);
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      await open((command, socket) => {
        const isScript = command === 'EVALSHA' || command === 'EVAL';
        socket.write(isScript ? anyReply(chance, 0) : '+OK\r\n');
      });
      for (let round = 0; round < 8; round += 1) {
        const ends = await Promise.all([`a${round}`, 'b', 'c'].map(ask));
        for (const end of ends) expect(ENDS).toContain(end);
        const usage = await provider?.getUsage({ groupBy: [] });
        expect(JSON.stringify(usage, asText)).not.toMatch(/null|NaN|Infinity/);
      }
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    },
  );
});

/** A number that is none is null in JSON. */
const asText = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? String(value) : value;

function errorIn(fields: object): string {
  return 'err' in fields && fields.err instanceof Error ? fields.err.message : '';
}

const WORDS = [
  '',
  'x',
  '0',
  '1 1 1 1 1 1 1 1 1 1',
  '-1',
  '1',
  '1e999',
  'NaN',
  '9'.repeat(30),
  '2026-11-29',
  'granted',
];
/** What scripts answer as JSON, and what is like it. */
const ANSWERS = [
  null,
  [],
  [{ toString: 1 }, [], null, 0, 'completed'],
  ['model', 'user', 'project', 'default', 'completed'],
  {},
  'granted',
  { granted: 1, level: 1, sidecars: 1, limit: 1 },
  { granted: '1', level: { toString: 1 }, sidecars: [], limit: null },
  { granted: 1e300, level: -1e300, sidecars: 0 },
  { granted: -1, level: 0.5, sidecars: -1 },
  { kind: 'granted', base: '0', granted: '9', booked: '0', held: '0', free: '9', fair: '9' },
  { kind: 'granted', base: -1, granted: '9'.repeat(40), booked: '', held: true, free: [], fair: 0 },
  { kind: 'granted', base: 0.5, granted: {}, booked: null },
  { kind: { toString: 1 } },
  { kind: 'taken' },
  { kind: 'outdated' },
].map((answer) => JSON.stringify(answer));
const NUMBERS = ['0', '1', '-1', '9007199254740993', '9'.repeat(18)];

/** Of RESP 2, in which scripts answer. */
function anyReply(chance: () => number, depth: number): string {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;
  const kind = chance();
  if (kind < 0.5 && depth < 4) {
    const parts = Array.from({ length: Math.floor(chance() * 6) }, () =>
      anyReply(chance, depth + 1),
    );
    return `*${parts.length}\r\n${parts.join('')}`;
  }
  if (kind < 0.7) return `:${pick(NUMBERS)}\r\n`;
  if (kind < 0.9) {
    const word = pick(chance() < 0.5 ? WORDS : ANSWERS);
    return `$${word.length}\r\n${word}\r\n`;
  }
  return pick(['$-1\r\n', '*-1\r\n', '-ERR no\r\n', '-NOSCRIPT no\r\n', '+OK\r\n']);
}
