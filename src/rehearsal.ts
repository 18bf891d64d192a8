import { randomUUID } from 'node:crypto';
import { connect } from 'node:http2';
import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { loadConfig } from './config/load.ts';
import { systemClock } from './core/clock.ts';
import { Role } from './gen/tamma/provider/v1/message.ts';
import { IAIProviderService, SendMessageRequest } from './gen/tamma/provider/v1/provider.ts';
import { createOpenAIProvider } from './provider/create.ts';
import { providerOptions } from './provider-options.ts';
import { createServer } from './server/server.ts';
import { serverOptions } from './server-options.ts';
import { AttributeSets } from './telemetry/attribute-sets.ts';
import { createInstruments } from './telemetry/instruments.ts';
import { createLogger } from './telemetry/logger.ts';
import { Scrapes } from './telemetry/prometheus.ts';
import { unexportedTracer } from './telemetry/unexported-tracer.ts';

/** Nobody listens there, and nobody is asked: its connections are pipes. */
const BASE_URL = 'http://127.0.0.1:9/v1';
/** Too short a key to be blotted out of the log. */
const ENVIRONMENT = { OPENAI_API_KEY: 'none', OPENAI_BASE_URL: BASE_URL };

/** Over both APIs: which one calls will take is known with them. */
const TARGETS = { rehearsal: { baseUrl: BASE_URL, api: 'responses' } };
const MODELS = ['gpt-4o', 'rehearsal/gpt-4o'];

/**
 * Has a second sidecar, which nobody can reach, answer some calls: what a call runs through is compiled and loaded
 * then, and the first that comes is answered like any other. It has the default configuration, its upstream is what
 * stands below, and it is spoken to over pipes. What it logs, measures and books goes with it; nothing is opened,
 * written or sent. Takes a tenth of a second, in many turns.
 *
 * @returns the messages of each answer. Resolves with what there were if one fails
 */
export async function rehearse(version: string): Promise<readonly number[]> {
  const told: number[] = [];
  try {
    await withSidecar(version, async (call) => {
      for (const model of MODELS) {
        for (const method of ['sendMessage', 'sendMessageSync'] as const) {
          told.push(await call(method, model));
          await nextTurn();
        }
      }
    });
  } catch {
    // Whatever it is, the real calls will say it better.
  }
  return told;
}

type Rehearsed = 'sendMessage' | 'sendMessageSync';

async function withSidecar(
  version: string,
  use: (call: (method: Rehearsed, model: string) => Promise<number>) => Promise<void>,
): Promise<void> {
  const readFile = () => {
    throw new Error('The rehearsal reads no file.');
  };
  const config = loadConfig({ environment: ENVIRONMENT, readFile }, () => ({ targets: TARGETS }));
  // Calls that have come meanwhile do not wait for all of it.
  await nextTurn();
  const sets = new AttributeSets();
  const metrics = new MeterProvider({ readers: [new Scrapes(sets)] });
  const instruments = createInstruments(metrics.getMeter('rehearsal'), sets);
  const means = { clock: systemClock, tracer: unexportedTracer, instruments };
  const options = providerOptions(config, version);
  const targets = Object.entries(options.targets ?? {}).map(
    ([name, target]) => [name, { ...target, pipe: upstream }] as const,
  );
  const provider = createOpenAIProvider(
    { ...options, pipe: upstream, targets: Object.fromEntries(targets) },
    means,
  );
  await nextTurn();
  const server = createServer(serverOptions(config, version, 'rehearsal'), {
    ...means,
    provider,
    logger: createLogger({ level: 'info', destination: { write: () => {} } }),
    newId: randomUUID,
    onDispose: () => {},
    reload: () => Promise.reject(new Error('The rehearsal has no configuration to read again.')),
  });
  const [ours, theirs] = duplexPair();
  server.inject(theirs);
  const session = connect('http://rehearsal', { createConnection: () => ours });
  session.on('error', () => {});
  try {
    await use((method, model) => callOver(session, method, model));
  } finally {
    session.close();
    await server.drain();
    await provider.dispose();
    await metrics.shutdown();
  }
}

/** Resolves with the number of messages; rejects without an answer. */
function callOver(
  session: ReturnType<typeof connect>,
  method: Rehearsed,
  model: string,
): Promise<number> {
  const { path, requestSerialize } = IAIProviderService[method];
  const message = requestSerialize(
    SendMessageRequest.fromPartial({
      request: { model, messages: [{ role: Role.USER, content: 'Ready?' }] },
    }),
  );
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '10S',
  });
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', reject);
    stream.once('close', () => resolve(messagesIn(Buffer.concat(chunks))));
  });
}

function messagesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) count += 1;
  return count;
}

/** An upstream at the other end of a pipe. */
function upstream(): Duplex {
  const [ours, theirs] = duplexPair();
  theirs.on('data', (bytes: Buffer) => {
    const request = bytes.toString('latin1');
    if (!request.startsWith('POST ')) return;
    const body = (request.startsWith('POST /v1/responses') ? RESPONSES : CHAT)
      .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      .join('');
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${body.length}`;
    theirs.write(`${head}\r\nx-request-id: req_rehearsal\r\n\r\n${body}`);
  });
  return ours;
}

const OF_CHUNK = { id: 'chatcmpl-0', object: 'chat.completion.chunk', model: 'gpt-4o' };
const CHAT = [
  { ...OF_CHUNK, choices: [{ index: 0, delta: { role: 'assistant', content: 'Ready' } }] },
  { ...OF_CHUNK, choices: [{ index: 0, delta: { content: '.' } }] },
  { ...OF_CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  {
    ...OF_CHUNK,
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  },
  '[DONE]',
];

const RESPONSE = { id: 'resp_0', object: 'response', model: 'gpt-4o' };
const OF_ITEM = { item_id: 'msg_0', output_index: 0, content_index: 0 };
const RESPONSES = [
  { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [] } },
  { type: 'response.output_text.delta', ...OF_ITEM, delta: 'Ready' },
  {
    type: 'response.completed',
    response: {
      ...RESPONSE,
      status: 'completed',
      output: [
        {
          type: 'message',
          id: 'msg_0',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Ready', annotations: [] }],
        },
      ],
      usage: { input_tokens: 9, output_tokens: 2, total_tokens: 11 },
    },
  },
];
