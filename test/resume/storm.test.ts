import { describe, expect, it } from '@jest/globals';
import type { ViewAsked } from '../../src/simulator/responses/responses.ts';
import type { ViewFault } from '../../src/simulator/responses/view.ts';
import { strict } from '../../src/simulator/strict/strict.ts';
import { collect, type WireMessage } from '../support/grpc-client.ts';
import { fewOrMany } from '../support/long.ts';
import { random } from '../support/random.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { type AnswerOptions, answer, type ServerExchange } from '../support/upstream/index.ts';

const CUTS = fewOrMany(40, 2_000);
const AT_ONCE = fewOrMany(10, 60);
const SEED = Number(process.env.RESUME_SEED ?? 1);

const CONFIG = `
defaultModel: gpt-5.4
api: responses
allowStored: true
retryPolicy: { maxAttempts: 10, baseDelay: 2ms, maxDelay: 5ms }
`;

const TOOL = { name: 'look_up', inputSchema: '{"type":"object","properties":{}}' };

/** What the upstream says to the n-th question: text, a call or both. */
function plan(question: number): AnswerOptions & { readonly text: string; readonly args: string } {
  const chance = random(SEED * 100_003 + question);
  const words = Array.from({ length: 5 + Math.floor(chance() * 40) }, () => word(chance));
  const args = JSON.stringify({ question, words: words.slice(0, 12) });
  const hasCall = chance() < 0.4;
  const text = hasCall && chance() < 0.5 ? '' : words.join(' ');
  return {
    text,
    args: hasCall ? args : '',
    paceMs: 1 + Math.floor(chance() * 3),
    ...(hasCall && { toolCalls: [{ name: TOOL.name, arguments: args }] }),
  };
}

function word(chance: () => number): string {
  return ['Grüße', '東京', '👩‍🚀', 'plain', 'a\nline', '"quoted"'][Math.floor(chance() * 6)] ?? '';
}

function questionIn({ request }: ServerExchange): number {
  return Number(/question (\d+)/.exec(request.rawBody)?.[1]);
}

/** Cuts connections at random, once the first event was told; the answer is not streamed for ever. */
class Cuts {
  /** Connections that broke and were followed by another. */
  made = 0;
  readonly #chance = random(SEED);
  readonly #perResponse = new Map<string, number>();
  readonly #app: RunningApp;

  constructor(app: RunningApp) {
    this.#app = app;
  }

  readonly faultOf = ({ response, startingAfter }: ViewAsked): ViewFault | undefined => {
    if (startingAfter !== undefined) this.made += 1;
    const chance = this.#chance;
    const { responses } = this.#app.stub;
    responses.streamableMs = chance() < 0.03 ? -1 : 300_000;
    const before = this.#perResponse.get(response.id) ?? 0;
    if (this.made >= CUTS || before >= 4) return undefined;
    this.#perResponse.set(response.id, before + 1);
    const first = startingAfter === undefined ? JSON.stringify(response.object).length + 200 : 0;
    const afterBytes = first + Math.floor(chance() * 6_000);
    return { afterBytes, how: chance() < 0.5 ? 'cut' : 'reset' };
  };
}

async function ask({ client }: RunningApp, question: number): Promise<void> {
  const stream = client.provider.stream('SendMessage', {
    request: {
      messages: [{ role: 'ROLE_USER', content: `question ${question}` }],
      tools: [TOOL],
    },
    options: { recovery: 'STREAM_RECOVERY_RESUME' },
  });
  const { messages, status } = await collect(stream);
  const of = (event: string) =>
    messages.filter((message) => message.event === event).map((one) => one[event] as WireMessage);
  const [completed] = of('completed');
  const { text, args } = plan(question);
  expect({
    question,
    code: status.code,
    text: of('textDelta')
      .map((delta) => delta.text)
      .join(''),
    args: of('toolCallDelta')
      .map((delta) => delta.argumentsFragment)
      .join(''),
    calls: (completed?.toolCalls as readonly WireMessage[] | undefined)?.map(
      (call) => call.arguments,
    ),
    resets: of('attemptReset').length,
    attempts: completed?.attempts,
  }).toEqual({
    question,
    code: 0,
    text,
    args,
    calls: args === '' ? [] : [args],
    resets: 0,
    attempts: 1,
  });
}

describe(`a storm of ${CUTS} cuts`, () => {
  it('loses no token, repeats none, generates none twice, and bills what the upstream bills', async () => {
    const app = await startApp(CONFIG);
    const { stub } = app;
    try {
      stub.setDefault(
        strict({ answer: (exchange) => answer(plan(questionIn(exchange)))(exchange) }),
      );
      const cuts = new Cuts(app);
      stub.responses.faultOf = cuts.faultOf;
      let asked = 0;
      const askOn = async () => {
        while (cuts.made < CUTS) await ask(app, asked++);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, askOn));

      expect(stub.requests).toHaveLength(asked);
      const { total } = await app.client.usage.unary('GetUsage');
      const sum = (field: 'prompt_tokens' | 'completion_tokens') =>
        stub.requests.reduce((all, { sentUsage }) => all + (sentUsage?.[field] ?? 0), 0);
      expect(total).toMatchObject({
        attempts: asked,
        estimatedAttempts: 0,
        inputTokens: sum('prompt_tokens'),
        outputTokens: sum('completion_tokens'),
      });
      while (stub.responses.stored.size > 0) await new Promise((go) => setTimeout(go, 10));
    } finally {
      await app.stop();
    }
  });
});
