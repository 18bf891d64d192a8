import { expect } from '@jest/globals';
import { strict } from '../../../src/simulator/strict/strict.ts';
import type { GrpcClient } from '../../support/grpc-client.ts';
import { type Collected, codeName, collect } from '../../support/grpc-client.ts';
import { type RunningApp, startApp } from '../../support/running-app.ts';
import type { AnswerOptions } from '../../support/upstream/index.ts';
import { answer } from '../../support/upstream/index.ts';

/** What agents of several kinds share: a conversation that grows by turns, over gRPC. */

export type Turn = Readonly<Record<string, unknown>>;
export type Fields = Readonly<Record<string, unknown>>;

export interface AgentCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  readonly kind: string;
}

/** Text of the result, or a turn with parts. */
export type RunTool = (call: AgentCall) => string | Turn | Promise<string | Turn>;

/** The sidecar before an upstream that takes no request which OpenAI would not take. */
export async function startAgents(
  yaml = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningApp> {
  const running = await startApp(`api: responses\n${yaml}`, environment);
  running.stub.setDefault(strict({ answer: answer({ text: 'Done.' }) }));
  return running;
}

/** Answers, in order, to requests that OpenAI would take. */
export function script({ stub }: Pick<RunningApp, 'stub'>, ...answers: AnswerOptions[]): void {
  for (const options of answers) stub.enqueue(strict({ answer: answer(options) }));
}

export interface Answered {
  readonly collected: Collected;
  readonly completed: Fields;
  readonly text: string;
}

/** One call, whose answer must be complete. */
export async function ask(client: GrpcClient, request: Turn): Promise<Answered> {
  const collected = await collect(client.provider.stream('SendMessage', { request }));
  // Details: what it says if it fails.
  expect([codeName(collected.status), collected.status.details]).toEqual(['OK', 'OK']);
  const { messages } = collected;
  const text = messages
    .map(({ textDelta }) => (textDelta as Fields | undefined)?.text ?? '')
    .join('');
  return { collected, completed: messages.at(-1)?.completed as Fields, text };
}

/** Asks until the model calls no more tools; hands each turn back as it came. */
export async function runAgent(
  client: GrpcClient,
  request: { readonly messages: readonly Turn[] } & Turn,
  runTool: RunTool,
  most = 40,
): Promise<{ readonly messages: readonly Turn[]; readonly answers: readonly Answered[] }> {
  const messages = [...request.messages];
  const answers: Answered[] = [];
  while (answers.length < most) {
    const answered = await ask(client, { ...request, messages });
    answers.push(answered);
    const { toolCalls, reasoningItems, providerData } = answered.completed;
    const calls = toolCalls as readonly AgentCall[];
    messages.push({
      role: 'ROLE_ASSISTANT',
      content: answered.text,
      toolCalls: calls,
      reasoningItems,
      providerData,
    });
    if (calls.length === 0) break;
    for (const call of calls) {
      const result = await runTool(call);
      const said = typeof result === 'string' ? { content: result } : result;
      messages.push({ role: 'ROLE_TOOL', toolCallId: call.id, ...said });
    }
  }
  return { messages, answers };
}

/** What the upstream was sent, item by item, and byte for byte. */
export function inputsOf({ stub }: RunningApp): readonly (readonly string[])[] {
  return stub.requests.map(({ body }) =>
    (body.input as readonly object[]).map((item) => JSON.stringify(item)),
  );
}

/** Each request begins with all of the one before, byte for byte: what a prompt cache needs. */
export function expectGrowingPrefixes({ stub }: RunningApp): void {
  const bodies = stub.requests.map(({ rawBody }) => rawBody);
  bodies.forEach((body, at) => {
    const before = bodies[at - 1];
    if (before === undefined) return;
    const end = before.indexOf(']', before.lastIndexOf('"input":['));
    expect(end).toBeGreaterThan(0);
    const { input } = JSON.parse(before) as { input: unknown[] };
    const list = JSON.stringify(input).slice(0, -1);
    const start = before.indexOf(list);
    expect(start).toBeGreaterThan(0);
    expect(body.startsWith(before.slice(0, start + list.length))).toBe(true);
    expect(body.endsWith(before.slice(start + list.length + 1))).toBe(true);
  });
}
