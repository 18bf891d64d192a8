import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MessageResponse } from '../../src/core/events.ts';
import type { Message, MessageRequest, Tool, ToolCall } from '../../src/core/message.ts';
import type { Surface } from '../../src/core/model.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { strict } from '../../src/simulator/strict/strict.ts';
import { codePoint } from '../support/code-points.ts';
import { fewOrMany } from '../support/long.ts';
import {
  type AnswerOptions,
  answer,
  type RecordedRequest,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';

const SEALED = { id: 'rs_1', encryptedContent: 'gAAAAABsealed==', summary: ['Two at once.'] };

const ASKED: readonly Message[] = [
  { role: 'system', content: 'Use the tools.' },
  { role: 'user', content: 'What is in a.ts and b.ts?' },
];

const TOOLS: readonly Tool[] = [
  { name: 'read', inputSchema: '{"type":"object","properties":{"path":{"type":"string"}}}' },
];

/** What models write for arguments, and what a JSON parser on the way would spoil. */
const ODD_ARGUMENTS = [
  ['keys that occur twice', '{"path":"a.ts","path":"b.ts"}'],
  ['numbers beyond what a double holds', '{"n":1e400,"m":12345678901234567890.10}'],
  ['escapes that need not be', '{"path":"\\u0061.ts\\/","half":"\\ud83d"}'],
  ['characters beyond the basic plane', '{"path":"ö/日本/👩‍💻.ts"}'],
  ['white space around', ' \t{ "path" : "a.ts" }\r\n  '],
  ['the order of keys', '{"2":0,"1":0,"b":0,"a":0,"__proto__":{}}'],
  ['what is no JSON', '{"path": "a.ts'],
] as const;

interface Opened {
  readonly stub: StubUpstream;
  readonly provider: OpenAIProvider;
}

const opened: Opened[] = [];

afterEach(async () => {
  for (const { provider, stub } of opened.splice(0)) {
    await provider.dispose();
    await stub.close();
  }
});

async function open(surface: Surface): Promise<Opened> {
  const stub = await startStubUpstream({ script: strict() });
  const provider = createOpenAIProvider({
    keys: [{ secret: 'sk-test', weight: 1 }],
    baseUrl: stub.url,
    defaultModel: 'gpt-5.4',
    timeouts: { connectMs: 60_000, headersMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000 },
    surface,
    version: '1.2.3',
  });
  opened.push({ stub, provider });
  return { stub, provider };
}

/** Two calls in one turn, each of the arguments with its own. */
async function askForCalls(
  { stub, provider }: Opened,
  given: string,
  options: AnswerOptions = {},
  settings: Partial<MessageRequest> = {},
): Promise<MessageResponse> {
  const toolCalls = [
    { id: 'call_1', name: 'read', arguments: given },
    { id: 'call_2', name: 'read', arguments: '{"path":"b.ts"}' },
  ];
  stub.enqueue(strict({ answer: answer({ toolCalls, ...options }) }));
  return provider.sendMessageSync({ messages: ASKED, tools: TOOLS, ...settings });
}

/** Hands the turn and the results of its calls back, the second result first. */
async function handBack({ provider }: Opened, turn: MessageResponse): Promise<MessageResponse> {
  const results = turn.toolCalls
    .map(({ id }): Message => ({ role: 'tool', toolCallId: id, content: `the result of ${id}` }))
    .toReversed();
  const { content, toolCalls, reasoningItems } = turn;
  const said: Message = { role: 'assistant', content, toolCalls, reasoningItems };
  return provider.sendMessageSync({ messages: [...ASKED, said, ...results], tools: TOOLS });
}

type Fields = Readonly<Record<string, unknown>>;

function bodyOf(request: RecordedRequest | undefined): Fields {
  if (request === undefined) throw new Error('nothing was sent');
  return request.body;
}

/** The calls that a request to the upstream tells of. */
function callsSent(surface: Surface, { requests }: StubUpstream): ToolCall[] {
  const body = bodyOf(requests.at(-1));
  if (surface === 'responses') {
    return (body.input as Fields[])
      .filter(({ type }) => type === 'function_call')
      .map((item) => toolCall(item.call_id, item));
  }
  return (body.messages as Fields[])
    .flatMap(({ tool_calls: calls = [] }) => calls as Fields[])
    .map(({ id, function: called }) => toolCall(id, called as Fields));
}

/** Many servers do not take an empty text back, which some models call with. */
function asSent(call: ToolCall): ToolCall {
  return { ...call, arguments: call.arguments || '{}' };
}

function toolCall(id: unknown, { name, arguments: given }: Fields): ToolCall {
  return { id: String(id), name: String(name), arguments: String(given) };
}

describe.each<Surface>(['chat_completions', 'responses'])(
  'a tool round trip over %s',
  (surface) => {
    it.each(ODD_ARGUMENTS)('keeps %s, byte for byte', async (_, given) => {
      const it = await open(surface);
      const turn = await askForCalls(it, given);
      expect(turn.finishReason).toBe('tool_calls');
      expect(turn.toolCalls).toEqual([
        { id: 'call_1', name: 'read', arguments: given },
        { id: 'call_2', name: 'read', arguments: '{"path":"b.ts"}' },
      ]);
      const reply = await handBack(it, turn);
      expect(callsSent(surface, it.stub)).toEqual(turn.toolCalls);
      expect(it.stub.requests.at(-1)?.rawBody).toContain(`"arguments":${JSON.stringify(given)}`);
      expect(reply).toMatchObject({ finishReason: 'stop', content: 'Hello from the stub.' });
    });

    it('keeps whatever a model writes', async () => {
      const it = await open(surface);
      const anything = fc.oneof(fc.json(), fc.string({ unit: codePoint, maxLength: 100 }));
      await fc.assert(
        fc.asyncProperty(anything, async (given) => {
          const turn = await askForCalls(it, given);
          expect(turn.toolCalls[0]?.arguments).toBe(given);
          await handBack(it, turn);
          expect(callsSent(surface, it.stub)).toEqual(turn.toolCalls.map(asSent));
        }),
        { numRuns: fewOrMany(15, 100) },
      );
    });

    it('sends the results in the order and under the ids that the caller gave', async () => {
      const it = await open(surface);
      await handBack(it, await askForCalls(it, '{}'));
      const body = bodyOf(it.stub.requests.at(-1));
      const items = (surface === 'responses' ? body.input : body.messages) as Fields[];
      expect(items.slice(-2)).toEqual(
        ['call_2', 'call_1'].map((id) =>
          surface === 'responses'
            ? { type: 'function_call_output', call_id: id, output: `the result of ${id}` }
            : { role: 'tool', tool_call_id: id, content: `the result of ${id}` },
        ),
      );
    });
  },
);

describe('sealed reasoning', () => {
  it('goes back unchanged before the calls it led to', async () => {
    const it = await open('responses');
    const told = { reasoningSummary: 'detailed' };
    const turn = await askForCalls(it, '{}', { sealedReasoning: [SEALED] }, told);
    expect(turn.reasoning).toBe('Two at once.');
    expect(turn.reasoningItems).toEqual([SEALED]);
    await handBack(it, turn);
    const items = it.stub.requests.at(-1)?.body.input as Fields[];
    const at = items.findIndex(({ type }) => type === 'reasoning');
    expect(items[at]).toEqual({
      type: 'reasoning',
      id: 'rs_1',
      encrypted_content: SEALED.encryptedContent,
      summary: [{ type: 'summary_text', text: 'Two at once.' }],
    });
    expect(items[at + 1]).toMatchObject({ type: 'function_call', call_id: 'call_1' });
  });
});
