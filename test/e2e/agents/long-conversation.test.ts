import { afterEach, describe, expect, it } from '@jest/globals';
import { collect, statusDetail } from '../../support/grpc-client.ts';
import type { RunningApp } from '../../support/running-app.ts';
import { type AnswerOptions, answer } from '../../support/upstream/index.ts';
import {
  ask,
  expectGrowingPrefixes,
  type Fields,
  inputsOf,
  runAgent,
  script,
  startAgents,
} from './agent.ts';

let running: RunningApp;
afterEach(() => running.stop());

const TURNS = 30;
const request = {
  model: 'gpt-5.4',
  messages: [
    { role: 'ROLE_SYSTEM', content: 'You work in a repository.' },
    { role: 'ROLE_USER', content: 'Find out why the build is slow.' },
  ],
  tools: [
    {
      name: 'run',
      description: 'Runs a command.',
      inputSchema: '{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"string"}}}',
    },
    { name: 'note', custom: { text: {} } },
  ],
};

/** Thinks, says something every third turn, thinks again and calls a tool, or two of them. */
function turn(n: number): AnswerOptions {
  const again = {
    id: `rs_${n}_b`,
    type: 'reasoning',
    summary: [],
    encrypted_content: `gBBB${n}==`,
  };
  return {
    sealedReasoning: [{ id: `rs_${n}_a`, encryptedContent: `gAAA${n}==` }],
    items: n % 5 === 0 ? [again] : [],
    ...(n % 3 === 0 && { text: `Step ${n}.` }),
    toolCalls: [
      { id: `call_${n}`, name: 'run', arguments: `{"z": "${n}", "a": "é 👩‍💻"}` },
      ...(n % 4 === 0
        ? [{ id: `call_${n}_note`, name: 'note', arguments: `note ${n}`, kind: 'custom' as const }]
        : []),
    ],
  };
}

describe('an agent at work for thirty turns', () => {
  it('hands all its reasoning back in order, each turn the beginning of the next', async () => {
    running = await startAgents();
    script(running, ...Array.from({ length: TURNS - 1 }, (_, n) => turn(n + 1)), {
      text: 'The cache was off.',
    });
    const { answers } = await runAgent(running.client, request, ({ id }) => `result of ${id}`);
    expect(answers).toHaveLength(TURNS);
    expect(answers.at(-1)?.text).toBe('The cache was off.');
    const last = (inputsOf(running).at(-1) ?? []).map((item) => JSON.parse(item) as Fields);
    const sealed = last.filter(({ type }) => type === 'reasoning');
    const expected = Array.from({ length: TURNS - 1 }, (_, at) => at + 1).flatMap((n) => [
      `gAAA${n}==`,
      ...(n % 5 === 0 ? [`gBBB${n}==`] : []),
    ]);
    expect(sealed.map(({ encrypted_content }) => encrypted_content)).toEqual(expected);
    expectGrowingPrefixes(running);
  });

  it('has one prompt cache key of its own, if that is configured', async () => {
    running = await startAgents('promptCache: auto');
    script(running, turn(1), turn(2), {});
    await runAgent(running.client, request, () => 'done');
    await ask(running.client, { ...request, messages: [{ role: 'ROLE_USER', content: 'Else.' }] });
    await ask(running.client, { ...request, promptCacheKey: 'mine' });
    const keys = running.stub.requests.map(({ body }) => body.prompt_cache_key);
    expect(keys[0]).toMatch(/^[\w-]{43}$/);
    expect(keys.slice(1, 3)).toEqual([keys[0], keys[0]]);
    expect(keys[3]).toMatch(/^[\w-]{43}$/);
    expect(keys[3]).not.toBe(keys[0]);
    expect(keys[4]).toBe('mine');
  });

  it('has no key if nobody asks for one', async () => {
    running = await startAgents();
    await ask(running.client, request);
    expect(running.stub.requests[0]?.body).not.toHaveProperty('prompt_cache_key');
  });

  it('keeps the reasoning of the turns that a truncation leaves', async () => {
    running = await startAgents(`
catalogue:
  declared:
    - { pattern: tiny, contextWindow: 2000, surfaces: [responses], reasoning: { isReasoning: true } }
`);
    // The upstream knows nothing of this model.
    running.stub.setDefault(answer());
    const messages = Array.from({ length: 20 }, (_, n) => [
      { role: 'ROLE_USER', content: `Question ${n}: ${'word '.repeat(100)}` },
      {
        role: 'ROLE_ASSISTANT',
        toolCalls: [{ id: `call_${n}`, name: 'run', arguments: '{}' }],
        reasoningItems: [{ id: `rs_${n}`, encryptedContent: `gAAA${n}` }],
      },
      { role: 'ROLE_TOOL', toolCallId: `call_${n}`, content: `result ${n}` },
    ]).flat();
    await ask(running.client, {
      ...request,
      model: 'tiny',
      messages,
      contextPolicy: 'CONTEXT_POLICY_TRUNCATE_OLDEST',
    });
    const items = (inputsOf(running)[0] ?? []).map((item) => JSON.parse(item) as Fields);
    const calls = items.filter(({ type }) => type === 'function_call');
    expect(calls.length).toBeGreaterThan(2);
    expect(calls.length).toBeLessThan(20);
    for (const call of calls) {
      const n = String(call.call_id).slice('call_'.length);
      const before = items[items.indexOf(call) - 1];
      expect(before).toMatchObject({
        type: 'reasoning',
        id: `rs_${n}`,
        encrypted_content: `gAAA${n}`,
      });
    }
  });
});

describe('an agent whose conversation the upstream compacts', () => {
  const compact = { ...request, contextPolicy: 'CONTEXT_POLICY_COMPACT' };
  const sealed = { id: 'cmp_1', type: 'compaction', encrypted_content: 'gCMP=' };

  it('gets the compacted conversation sealed, and hands it back in its place', async () => {
    running = await startAgents();
    const toolCalls = [{ id: 'call_1', name: 'run', arguments: '{}' }];
    const thought = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAA=' };
    script(running, { items: [sealed, thought], toolCalls }, {});
    const { answers } = await runAgent(running.client, compact, () => 'done');
    expect(running.stub.requests[0]?.body.context_management).toEqual([
      // The longest prompt that gpt-5.4 takes.
      { type: 'compaction', compact_threshold: 922_000 },
    ]);
    expect(answers[0]?.completed.reasoningItems).toMatchObject([
      { id: 'cmp_1', type: 'compaction', encryptedContent: 'gCMP=' },
      { id: 'rs_1', type: '' },
    ]);
    expect(inputsOf(running)[1]?.slice(2, 5)).toEqual([
      '{"type":"compaction","id":"cmp_1","encrypted_content":"gCMP="}',
      '{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA=","summary":[]}',
      '{"type":"function_call","call_id":"call_1","name":"run","arguments":"{}"}',
    ]);
    expectGrowingPrefixes(running);
  });

  it('is refused over Chat Completions', async () => {
    running = await startAgents();
    const { status } = await collect(
      running.client.provider.stream('SendMessage', { request: { ...compact, model: 'o1-mini' } }),
    );
    expect(statusDetail(status, 'google.rpc.BadRequest').fieldViolations).toContainEqual(
      expect.objectContaining({ field: 'request.context_policy' }),
    );
  });
});
