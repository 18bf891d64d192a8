/**
 * Calls the sidecar at TAMMA_ADDRESS (127.0.0.1:50051), at the socket TAMMA_SOCKET if there is one, and
 * over TLS at TAMMA_TLS_ADDRESS with the certificate authority TAMMA_CA and the token TAMMA_TOKEN.
 */
import {
  collect,
  connect,
  errorDetails,
  FinishReason,
  type MessageResponse,
  Role,
  type Sidecar,
  StreamRecovery,
} from '@tamma/provider-openai/client';

const { TAMMA_ADDRESS = '127.0.0.1:50051', TAMMA_SOCKET, TAMMA_TLS_ADDRESS } = process.env;
const { TAMMA_CA, TAMMA_TOKEN } = process.env;

const ask = (content: string) => ({ messages: [{ role: Role.USER, content }] });

/** An answer as it comes. */
async function stream(sidecar: Sidecar): Promise<void> {
  let text = '';
  for await (const { event } of sidecar.sendMessage({ request: ask('Say hello') })) {
    if (event?.$case === 'textDelta') text += event.value.text;
    if (event?.$case !== 'completed') continue;
    const { finishReason, cost } = event.value;
    console.log(`stream: ${text}`);
    console.log(
      `finish: ${nameOf(FinishReason, finishReason)}, cost in ${cost?.total?.currencyCode}`,
    );
  }
}

/** An answer that breaks off and starts again: what came before `attempt_reset` is void. */
async function restart(sidecar: Sidecar): Promise<void> {
  const options = { recovery: StreamRecovery.RESTART };
  const { text } = await collect(sidecar.sendMessage({ request: ask('Break once'), options }));
  console.log(`restart: ${text}`);
}

/** The model calls a function, and answers with what the function said. */
async function tools(sidecar: Sidecar): Promise<void> {
  const question = { role: Role.USER, content: 'How warm is it in Paris?' };
  const inputSchema = JSON.stringify({ type: 'object', properties: { city: { type: 'string' } } });
  const weather = { name: 'get_weather', description: 'The weather now', inputSchema };
  const first = await sidecar.sendMessageSync({
    request: { messages: [question], tools: [weather] },
  });
  if (first.response === undefined) return;
  const results = first.response.toolCalls.map(({ id, name, arguments: input }) => {
    console.log(`tool: ${name} ${input}`);
    return { role: Role.TOOL, toolCallId: id, content: '21 degrees' };
  });
  const messages = [question, turnOf(first.response), ...results];
  const second = await sidecar.sendMessageSync({ request: { messages, tools: [weather] } });
  console.log(`tool answer: ${second.response?.content}`);
}

/** An answer as it goes back into the conversation: with what the upstream wants to see again. */
function turnOf({ content, commentary, refusal, ...answer }: MessageResponse) {
  const { toolCalls, reasoningItems, reasoning, providerData } = answer;
  return {
    role: Role.ASSISTANT,
    content: content || commentary || refusal,
    phase: commentary && !content ? 'commentary' : '',
    toolCalls,
    reasoningItems,
    reasoning,
    providerData,
  };
}

/** A deadline, which the sidecar keeps with every retry in it, and a cancel. */
async function endings(sidecar: Sidecar): Promise<void> {
  const request = ask('Take your time');
  await failureOf(sidecar.sendMessageSync({ request }, { timeoutMs: 500 }), 'deadline');
  const controller = new AbortController();
  const answer = collect(sidecar.sendMessage({ request }, { signal: controller.signal }));
  controller.abort();
  await failureOf(answer, 'cancel');
}

/** What a refusal says: every bad field, and whether it is worth another try. */
async function refusals(sidecar: Sidecar): Promise<void> {
  const bad = { ...ask('Say hello'), temperature: 3, topP: -1 };
  const refused = await failureOf(sidecar.sendMessageSync({ request: bad }), 'refusal');
  for (const { field } of errorDetails(refused).violations) console.log(`bad field: ${field}`);

  const request = ask('Too often');
  const limited = await failureOf(
    sidecar.sendMessageSync({ request }, { timeoutMs: 20_000 }),
    'limit',
  );
  const { reason, retryable, retryAfterMs = 0, failure } = errorDetails(limited);
  console.log(`reason: ${reason}, retryable ${retryable}`);
  console.log(
    `retry: ${retryAfterMs > 60_000 ? 'in minutes' : 'soon'}, attempts ${failure?.attempts}`,
  );
}

async function budgets(sidecar: Sidecar): Promise<void> {
  const { budgets } = await sidecar.getBudgets({ name: 'costManagement' });
  for (const { name, limit } of budgets) console.log(`budget: ${name}, ${limit?.units} USD`);
}

/** The sidecar's spans and errors carry the caller's trace. */
async function trace(sidecar: Sidecar): Promise<void> {
  const metadata = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
  const bad = { ...ask('Say hello'), temperature: 3 };
  const error = await failureOf(sidecar.sendMessageSync({ request: bad }, { metadata }), 'traced');
  console.log(`trace: ${errorDetails(error).errorInfo?.metadata.trace_id}`);
}

async function hello(sidecar: Sidecar, over: string): Promise<void> {
  const { response } = await sidecar.sendMessageSync({ request: ask('Say hello') });
  console.log(`${over}: ${response?.content}`);
}

/** Waits for a call that must fail, and prints the name of its status. */
async function failureOf(call: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    console.log(`${what}: ${nameOf(status, (error as { code: number }).code)}`);
    return error;
  }
  throw new Error(`${what}: it did not fail`);
}

const status = { CANCELLED: 1, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, RESOURCE_EXHAUSTED: 8 };

function nameOf(names: Readonly<Record<string, unknown>>, value: unknown): string | undefined {
  return Object.keys(names).find((name) => names[name] === value);
}

async function use(sidecar: Sidecar, ...parts: ((sidecar: Sidecar) => Promise<void>)[]) {
  try {
    await sidecar.ready(10_000);
    for (const part of parts) await part(sidecar);
  } finally {
    sidecar.close();
  }
}

await use(connect(TAMMA_ADDRESS), stream, restart, tools, endings, refusals, budgets, trace);
if (TAMMA_SOCKET !== undefined) {
  await use(connect(`unix:${TAMMA_SOCKET}`), (sidecar) => hello(sidecar, 'socket'));
}
if (TAMMA_TLS_ADDRESS !== undefined) {
  const tls = { ...(TAMMA_CA && { caFile: TAMMA_CA }) };
  const secured = connect(TAMMA_TLS_ADDRESS, { tls, ...(TAMMA_TOKEN && { token: TAMMA_TOKEN }) });
  await use(secured, (sidecar) => hello(sidecar, 'tls'));
}
