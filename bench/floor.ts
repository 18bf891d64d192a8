/**
 * The barest relay that this stack allows: gRPC in, HTTP out, one JSON.parse and one message encoded by
 * hand per event, and no feature at all. What the sidecar costs beyond it is what its features cost.
 * `npm run bench` measures both in one run, for only their ratio moves little between machines.
 */
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { Agent, type Dispatcher } from 'undici';
import { serializeSendMessageResponse } from '../src/server/output/encode-response.ts';

const SERVICE = '/tamma.provider.v1.IAIProvider/';
const BODY = JSON.stringify({
  model: 'gpt-4o',
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'Which day is it?' }],
});

const upstream = new URL(`${process.env.OPENAI_BASE_URL}/chat/completions`);
const agent = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
const asBytes = (bytes: Buffer): Buffer => bytes;

function method(name: string, responseStream: boolean) {
  return {
    path: SERVICE + name,
    requestStream: false,
    responseStream,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes,
  };
}

/** Asks the upstream; hands out each event's text. */
function ask(onText: (text: string) => void, onEnd: (error?: Error) => void): void {
  let rest = '';
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart() {},
    onResponseData(_controller, chunk) {
      const events = (rest + chunk.toString('utf8')).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        if (event === 'data: [DONE]') continue;
        const text = JSON.parse(event.slice(6)).choices[0]?.delta.content;
        if (text) onText(text);
      }
    },
    onResponseEnd: () => onEnd(),
    onResponseError: (_controller, error) => onEnd(error),
  };
  agent.dispatch(
    {
      origin: upstream.origin,
      path: upstream.pathname,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer floor' },
      body: BODY,
    },
    handler,
  );
}

const server = new Server();
server.addService(
  { sendMessage: method('SendMessage', true), sendMessageSync: method('SendMessageSync', false) },
  {
    sendMessage(call: ServerWritableStream<Buffer, Buffer>) {
      let sequence = 0;
      const write = (text: string): void => {
        sequence += 1;
        const value = { text, phase: '', outputTokensSoFar: sequence };
        call.write(
          serializeSendMessageResponse({ sequence, event: { $case: 'textDelta', value } }),
        );
      };
      ask(write, (error) => (error ? call.destroy(error) : call.end()));
    },
    sendMessageSync(_call: unknown, callback: (error: Error | null, answer: Buffer) => void) {
      let whole = '';
      const add = (text: string): void => {
        whole += text;
      };
      ask(add, (error) => callback(error ?? null, Buffer.from(whole)));
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
process.once('SIGTERM', () => process.exit(0));
