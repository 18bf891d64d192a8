import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  codeName,
  collect,
  connect,
  type GrpcClient,
  nextMessage,
} from '../support/grpc-client.ts';
import { aRequest } from '../support/running-app.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const CHUNK = { id: 'c', object: 'chat.completion.chunk', model: 'gpt-test' };
const data = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ ...CHUNK, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

let stub: StubUpstream;
let child: ChildProcess | undefined;
let client: GrpcClient | undefined;

afterEach(async () => {
  client?.close();
  child?.kill('SIGKILL');
  await stub.close();
});

/** Resolves to the first line of a stream that matches, and lets the rest flow. */
async function lineOf(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<string> {
  if (stream === null) throw new Error('the process has no such stream');
  const lines = createInterface({ input: stream });
  for await (const line of lines) if (pattern.test(line)) return line;
  throw new Error(`nothing said ${pattern}`);
}

describe('the process', () => {
  it('finishes its streams although Ctrl-C comes twice, as under npm', async () => {
    const rest = Promise.withResolvers<void>();
    stub = await startStubUpstream({
      script: async (exchange) => {
        exchange.headers();
        exchange.raw(data({ content: 'Hel' }));
        await rest.promise;
        exchange.raw(`${data({ content: 'lo' }, 'stop')}data: [DONE]\n\n`);
        exchange.end();
      },
    });
    const sidecar = spawn(process.execPath, ['src/main.ts'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        OPENAI_API_KEY: 'sk-test',
        OPENAI_BASE_URL: stub.url,
        TAMMA_LISTEN: '127.0.0.1:0',
        TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      },
    });
    child = sidecar;
    const exited = once(sidecar, 'exit');
    const log: string[] = [];
    sidecar.stderr.on('data', (text) => log.push(String(text)));
    const [, address = ''] = (await lineOf(sidecar.stdout, /^listening on /)).split(
      'listening on ',
    );
    const connected = connect(address);
    client = connected;
    const stream = connected.provider.stream('SendMessage', aRequest());
    const collected = collect(stream);
    await nextMessage(stream);

    const said = async (text: string) => {
      while (!log.join('').includes(text)) await once(sidecar.stderr, 'data');
    };
    sidecar.kill('SIGINT');
    // Two at once might become one on their way.
    await said('"msg":"stopping"');
    sidecar.kill('SIGINT');
    sidecar.kill('SIGHUP');
    sidecar.kill('SIGUSR2');
    await said('signal ignored');
    rest.resolve();

    const { messages, status } = await collected;
    expect(codeName(status)).toBe('OK');
    expect(messages.at(-1)?.event).toBe('completed');
    expect(await exited).toEqual([0, null]);
    expect(log.join('')).not.toContain('told to stop again');
  });
});
