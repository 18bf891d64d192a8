import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from '@jest/globals';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import {
  answer,
  type Behaviour,
  firstTokenAfter,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

/** Calls that share one request whose upstream is silent, so that a second is made beside it. */

const NEVER = new Promise<void>(() => {});

const CALLS = [
  { id: 'call_a', name: 'weather', arguments: '{"city":"東京","days":3}' },
  { id: 'call_b', name: 'time', arguments: '{}' },
];

let running: RunningApp;
let other: StubUpstream;
afterEach(async () => {
  await running.stop();
  await other.close();
});

async function start(cache: string): Promise<void> {
  other = await startStubUpstream();
  running = await startApp(`
defaultModel: gpt-4o-mini
hedge: { after: 50ms, maxShare: 1 }
targets: { other: { baseUrl: '${other.url}', unknownModels: allow } }
fallback: { chains: { '*': [other] } }
budgets: [{ name: users, scope: user, limit: 1 }]
cache: { ${cache} }
`);
}

function begin(user: string, signal?: AbortSignal) {
  const request = aRequest({
    temperature: 0,
    cache: { coalesce: true },
    metadata: { user_id: user, project_id: 'apollo' },
    tools: CALLS.map(({ name }) => ({ name, inputSchema: '{"type":"object"}' })),
  });
  return running.client.provider.stream('SendMessage', request, signal && { signal });
}

const ask = (user: string) => collect(begin(user));

/** Has joined once it is told what the shared call says. */
function follow(user: string) {
  const stream = begin(user);
  return { joined: nextMessage(stream), answer: collect(stream) };
}

type Answer = Awaited<ReturnType<typeof ask>>;

/** Tool calls as a client puts them together from their deltas. */
function toldCalls({ messages }: Answer) {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const { toolCallDelta } of messages) {
    if (!toolCallDelta) continue;
    const { index, id, name, argumentsFragment } = toolCallDelta as {
      index: number;
      id: string;
      name: string;
      argumentsFragment: string;
    };
    const call = calls[index] ?? { id: '', name: '', arguments: '' };
    calls[index] = {
      id: call.id + id,
      name: call.name + name,
      arguments: call.arguments + argumentsFragment,
    };
  }
  return calls;
}

const endOf = ({ messages }: Answer) =>
  messages.at(-1)?.completed as {
    shared: boolean;
    attempts: number;
    toolCalls: object[];
    cost: { readonly total: object } | null;
    saved: object | null;
  };

interface Budget {
  readonly subject: string;
  readonly spent: { readonly nanos: number };
  readonly reserved: { readonly nanos: number };
}

const budgets = async () =>
  (await running.client.usage.unary('GetBudgets', {})).budgets as readonly Budget[];

interface Used {
  readonly userId: string;
  readonly attempts: number;
  readonly cost: { readonly total: object };
}

const usage = async () =>
  (await running.client.usage.unary('GetUsage', {
    groupBy: ['USAGE_DIMENSION_USER'],
  })) as unknown as { readonly rows: readonly Used[]; readonly total: Used };

/** Tells both tool calls, by turns, and waits in the middle. */
const inTheMiddle =
  (reached: () => void, gate: Promise<void>): Behaviour =>
  async (exchange) => {
    exchange.headers();
    exchange.chunk({ role: 'assistant', content: null });
    for (const [index, { id, name }] of CALLS.entries()) {
      exchange.chunk({
        tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
      });
    }
    const say = (index: number, text: string) =>
      exchange.chunk({ tool_calls: [{ index, function: { arguments: text } }] });
    const [first = '', second = ''] = CALLS.map((call) => call.arguments);
    say(0, first.slice(0, 9));
    say(1, second.slice(0, 1));
    reached();
    await gate;
    say(0, first.slice(9));
    say(1, second.slice(1));
    exchange.chunk({}, 'tool_calls');
    exchange.usage();
    exchange.done();
    exchange.end();
  };

it('all get whole what the second attempt says, and each attempt is paid by one who is there when it ends', async () => {
  await start('enabled: false');
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  running.stub.enqueue(firstTokenAfter(NEVER));
  other.enqueue(inTheMiddle(reached.resolve, gate.promise));
  const leaving = new AbortController();
  const first = collect(begin('alice', leaving.signal));
  await running.stub.waitForRequest(1);
  const early = follow('bob');
  await reached.promise;
  const late = follow('carol');
  // One that comes when the first has left would share nothing.
  await Promise.all([early.joined, late.joined]);
  // The silent attempt is stopped when the second one speaks.
  while ((await usage()).total.attempts !== 1) await sleep(5);
  leaving.abort();
  expect(codeName((await first).status)).toBe('CANCELLED');
  const reservedFor = async (user: string) =>
    (await budgets()).find(({ subject }) => subject === user)?.reserved.nanos;
  while ((await reservedFor('alice')) !== 0) await sleep(5);
  gate.resolve();
  const [bob, carol] = await Promise.all([early.answer, late.answer]);
  expect([running.stub.requests.length, other.requests.length]).toEqual([1, 1]);
  for (const told of [bob, carol]) {
    expect(codeName(told.status)).toBe('OK');
    expect(toldCalls(told)).toEqual(CALLS);
    expect(endOf(told).toolCalls).toMatchObject(CALLS);
  }
  expect(endOf(bob)).toMatchObject({ shared: false, attempts: 2, saved: null });
  expect(endOf(carol)).toMatchObject({ shared: true, attempts: 0, cost: null });
  expect(endOf(carol).saved).not.toBeNull();
  const { rows } = await usage();
  expect(rows).toMatchObject([
    { userId: 'alice', attempts: 1 },
    { userId: 'bob', attempts: 1 },
  ]);
  expect(endOf(bob).cost?.total).toEqual(rows[1]?.cost.total);
  for (const { userId, cost } of rows) {
    const budget = (await budgets()).find(({ subject }) => subject === userId);
    expect(budget?.spent).toEqual(cost.total);
  }
  expect((await budgets()).every(({ reserved }) => reserved.nanos === 0)).toBe(true);
});

it('what a second attempt says elsewhere is kept by no cache', async () => {
  await start('enabled: true, allowToolCalls: true');
  running.stub.enqueue(firstTokenAfter(NEVER));
  other.enqueue(answer({ toolCalls: CALLS }));
  const elsewhere = await Promise.all([ask('alice'), ask('bob')]);
  for (const told of elsewhere) expect(toldCalls(told)).toEqual(CALLS);
  // However long the first one takes, a second one has nothing to say.
  other.setDefault(firstTokenAfter(NEVER));
  running.stub.enqueue(answer({ toolCalls: CALLS }));
  expect((await ask('alice')).messages.at(-1)?.completed).toMatchObject({ cached: false });
  const hit = await ask('bob');
  expect(hit.messages.at(-1)?.completed).toMatchObject({ cached: true, toolCalls: CALLS });
  expect(toldCalls(hit)).toEqual(CALLS);
  expect(running.stub.requests).toHaveLength(2);
});
