import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, it } from '@jest/globals';
import type { Behaviour, ServerExchange } from '../../src/simulator/answers/server-exchange.ts';
import { strict } from '../../src/simulator/strict/strict.ts';
import {
  type AnswerOptions,
  answer,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

/** What OpenAI would say to each question of openai.live.ts, turn by turn. */
const CONVERSATIONS: readonly [question: string, ...turns: AnswerOptions[]][] = [
  ['Say hello.', { text: 'Hello!' }],
  ['How many primes', { text: 'There are 17.' }],
  ['What is 6 times 7?', { text: '{"n":42}' }],
  ['Count to 500.', { text: 'one two three '.repeat(200), paceMs: 20 }],
  ['Read NUMBER.TXT', {}, { text: 'It holds 4711.' }],
  [
    '`node --test` fails here.',
    { items: [shell('sh_1', 'cat sum.mjs')] },
    {
      items: [
        {
          id: 'apc_1',
          type: 'apply_patch_call',
          call_id: 'call_patch',
          status: 'completed',
          operation: {
            type: 'update_file',
            path: 'sum.mjs',
            diff: '@@ export function sum(a, b) {\n-  return a - b;\n+  return a + b;\n }\n',
          },
        },
      ],
    },
    { items: [shell('sh_2', 'node --test')] },
    { text: 'Mended.' },
  ],
  [
    'Search nodejs.org',
    {
      items: [
        {
          id: 'ws_1',
          type: 'web_search_call',
          status: 'completed',
          action: { type: 'search', query: 'node lts', sources: [] },
        },
      ],
      text: 'It is 26, see nodejs.org.',
      annotations: [
        {
          type: 'url_citation',
          url: 'https://nodejs.org/',
          title: 'Node.js',
          start_index: 14,
          end_index: 24,
        },
      ],
      toolUsage: { web_search: { num_requests: 1 } },
    },
  ],
  ['What is the total?', { text: 'It is 4711 EUR.' }],
];

function shell(id: string, command: string): object {
  return {
    id,
    type: 'shell_call',
    call_id: `call_${id}`,
    status: 'completed',
    action: { commands: [command] },
  };
}

/** A function gets JSON, a tool with a grammar what it holds to. */
function reading({ request }: ServerExchange): AnswerOptions {
  const isCustom = JSON.stringify(request.body).includes('"custom"');
  const call = isCustom
    ? { name: 'read', arguments: 'NUMBER.TXT', kind: 'custom' as const }
    : { name: 'read', arguments: '{"path":"NUMBER.TXT"}' };
  return { toolCalls: [call] };
}

const inTurn: Behaviour = (exchange) => {
  const { rawBody } = exchange.request;
  const found = CONVERSATIONS.find(([question]) => rawBody.includes(question));
  if (found === undefined) throw new Error(`no answer to ${rawBody}`);
  const [, ...turns] = found;
  const turn = rawBody.split('_call_output"').length - 1;
  const options = turns[Math.min(turn, turns.length - 1)] ?? {};
  const isReading = Object.keys(options).length === 0;
  return answer(isReading ? reading(exchange) : options)(exchange);
};

let stub: StubUpstream;
afterEach(() => stub.close());

it('asks nothing that OpenAI would refuse, and understands what it would answer', async () => {
  stub = await startStubUpstream();
  const refused: string[] = [];
  stub.setDefault(
    strict({ answer: inTurn, onRejection: ({ message }) => void refused.push(message) }),
  );
  const env = { ...process.env, OPENAI_API_KEY: 'sk-rehearsal', OPENAI_BASE_URL: stub.url };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/test-live.ts'], {
    env,
    timeout: 240_000,
  }).catch((error) => error);
  expect(refused).toEqual([]);
  expect(stderr).toMatch(/Tests: +\d+ passed, \d+ total/);
  expect(stdout).toMatch(/spent 0\.0\d+ dollars/);
});
