import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AgentCall, ask, type Fields, runAgent } from '../e2e/agents/agent.ts';
import { createRepository } from '../e2e/agents/repository.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { aPdf } from '../support/pdf.ts';
import { CHAT_MODEL, type LiveApp, startLive } from './live-app.ts';

/** A cheap one that reasons and is asked over Responses. */
const MODEL = 'gpt-5.4-mini';

let live: LiveApp;
/** Dollars of all answers, by what they said themselves; in billionths, for sums to be exact. */
let told = 0;

beforeAll(async () => {
  live = await startLive();
});
afterAll(async () => {
  process.stdout.write(`spent ${await live.spent()} dollars\n`);
  await live.stop();
});

const user = (content: string) => ({ role: 'ROLE_USER', content });
const base = { model: MODEL, maxTokens: 2_000, reasoningEffort: 'low' };

function note(...answers: readonly { readonly completed: Fields }[]): void {
  for (const { completed } of answers) {
    const { total } = completed.cost as { total: { units: number; nanos: number } };
    told += total.units * 1e9 + total.nanos;
  }
}

async function agent(request: Fields, run: (call: AgentCall) => string | Promise<string>) {
  const done = await runAgent(live.client, request as never, run, 12);
  note(...done.answers);
  return { ...done, text: done.answers.at(-1)?.text ?? '' };
}

describe('OpenAI', () => {
  it.each([
    ['chat_completions', { model: CHAT_MODEL, maxTokens: 50 }],
    ['responses', base],
  ])('streams over %s', async (api, settings) => {
    const answered = await ask(live.client, { ...settings, messages: [user('Say hello.')] });
    note(answered);
    expect(answered.text).toMatch(/hello/i);
    const [first] = answered.collected.messages;
    expect(first?.started).toMatchObject({ effectiveSettings: { api } });
    expect(answered.completed.usage).toMatchObject({ estimated: false });
  });

  it('tells what it thinks', async () => {
    const answered = await ask(live.client, {
      ...base,
      reasoningEffort: 'medium',
      reasoningSummary: 'auto',
      messages: [user('How many primes are there below 60? Think it through.')],
    });
    note(answered);
    expect(answered.text).toContain('17');
  });

  it('keeps to a schema', async () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const answered = await ask(live.client, {
      ...base,
      messages: [user('What is 6 times 7?')],
      responseFormat: { jsonSchema: { name: 'n', schema: JSON.stringify(schema), strict: true } },
    });
    note(answered);
    expect(JSON.parse(answered.text)).toEqual({ n: 42 });
  });

  it('stops at a cancel', async () => {
    const controller = new AbortController();
    const stream = live.client.provider.stream(
      'SendMessage',
      {
        request: {
          ...base,
          model: CHAT_MODEL,
          reasoningEffort: '',
          messages: [user('Count to 500.')],
        },
      },
      { signal: controller.signal },
    );
    const collected = collect(stream);
    await nextMessage(stream);
    controller.abort();
    expect(codeName((await collected).status)).toBe('CANCELLED');
  });

  it.each([
    [
      'functions',
      {
        tools: [
          {
            name: 'read',
            inputSchema:
              '{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}',
          },
        ],
      },
    ],
    [
      'a grammar',
      {
        tools: [
          {
            name: 'read',
            description: 'Reads a file: its name in capitals.',
            custom: { grammar: { syntax: 'regex', definition: '[A-Z]+\\.TXT' } },
          },
        ],
      },
    ],
  ])('works with %s', async (_what, tools) => {
    const calls: AgentCall[] = [];
    const { text } = await agent(
      {
        ...base,
        ...tools,
        messages: [user('Read NUMBER.TXT with the tool and tell me what it holds.')],
      },
      (call) => {
        calls.push(call);
        return 'The number is 4711.';
      },
    );
    expect(calls.length).toBeGreaterThan(0);
    expect(text).toContain('4711');
  });

  it('mends a repository with patches and a shell', async () => {
    const repository = await createRepository({
      'sum.mjs': 'export function sum(a, b) {\n  return a - b;\n}\n',
      'sum.test.mjs':
        "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { sum } from './sum.mjs';\ntest('adds', () => assert.equal(sum(2, 3), 5));\n",
    });
    try {
      await agent(
        {
          ...base,
          hostedTools: [{ applyPatch: {} }, { shell: {} }],
          messages: [user('`node --test` fails here. Look at sum.mjs, mend it and run the tests.')],
        },
        (call) => repository.run(call),
      );
      expect(await repository.read('sum.mjs')).toMatch(/a \+ b|b \+ a/);
    } finally {
      await repository.remove();
    }
  });

  it('searches the web and cites', async () => {
    const answered = await ask(live.client, {
      ...base,
      hostedTools: [{ webSearch: { searchContextSize: 'low', allowedDomains: ['nodejs.org'] } }],
      maxToolCalls: 1,
      messages: [user('Search nodejs.org: which is the newest LTS release line? Cite the page.')],
    });
    note(answered);
    const { toolCalls } = answered.completed.usage as { toolCalls: Record<string, number> };
    expect(toolCalls.web_search).toBeGreaterThan(0);
    expect(answered.collected.messages.some(({ annotation }) => annotation !== undefined)).toBe(
      true,
    );
  });

  it('reads a PDF', async () => {
    const file = {
      data: aPdf('The total is 4711 EUR'),
      name: 'a.pdf',
      mediaType: 'application/pdf',
    };
    const parts = [{ text: 'What is the total?' }, { file }];
    const answered = await ask(live.client, { ...base, messages: [{ role: 'ROLE_USER', parts }] });
    note(answered);
    expect(answered.text).toMatch(/4[,.]?711/);
  });

  it('takes a batch of two', async () => {
    const item = (customId: string) => ({
      item: {
        customId,
        request: { model: CHAT_MODEL, maxTokens: 20, messages: [user('Say hello.')] },
      },
    });
    const { batch } = await live.client.batch.upload('CreateBatch', [
      { options: { execution: 'BATCH_EXECUTION_LOCAL' } },
      item('a'),
      item('b'),
    ]);
    const { id } = batch as { id: string };
    const { messages } = await collect(
      live.client.batch.stream('StreamBatchResults', { batchId: id, wait: true }),
    );
    const results = messages as readonly { response?: { cost?: Fields } }[];
    expect(results).toHaveLength(2);
    note(...results.map(({ response }) => ({ completed: { cost: response?.cost } })));
  });

  it('was billed what the answers said, but for the one that was cancelled', async () => {
    const { rows } = await live.client.usage.unary('GetUsage', {
      groupBy: ['USAGE_DIMENSION_OUTCOME'],
    });
    const all = rows as readonly {
      outcome: string;
      cost: { total: { units: number; nanos: number } };
    }[];
    const whole = all.filter(({ outcome }) => outcome === 'completed');
    const ledger = whole.reduce(
      (sum, { cost }) => sum + cost.total.units * 1e9 + cost.total.nanos,
      0,
    );
    // Each answer is rounded to a billionth of a dollar.
    expect(Math.abs(ledger - told)).toBeLessThan(100);
  });
});
