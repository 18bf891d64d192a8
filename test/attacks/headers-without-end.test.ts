import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent, buildConnector } from 'undici';
import { leaveOffWhenOver } from '../../src/openai/http/leave-off.ts';

/** More than a socket gives undici at a time. */
const MORE = 'a:b\r\n'.repeat(50_000);

/** As many names and values as were read before the parser left off. */
async function readOf(answer: string, guard: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer + MORE));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = buildConnector({});
  let parser: { headers: unknown[] } | undefined;
  const agent = new Agent({
    connect: (options, callback) =>
      connect(options, (...result) => {
        callback(...result);
        const [, socket] = result;
        if (socket === null) return;
        guard(socket);
        const symbols = Object.getOwnPropertySymbols(socket);
        const name = symbols.find(({ description }) => description === 'parser');
        parser = name && Reflect.get(socket, name);
      }),
  });
  try {
    const request = { origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' } as const;
    await expect(agent.request(request).then(({ body }) => body.text())).rejects.toThrow(
      'Headers Overflow Error',
    );
    return parser?.headers.length ?? Number.NaN;
  } finally {
    await agent.destroy();
    server.close();
  }
}

describe('an answer whose headers do not end', () => {
  afterEach(() => {
    expect.hasAssertions();
  });

  it.each([
    ['headers', 'HTTP/1.1 200 OK\r\n'],
    ['trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n'],
  ])('costs no more than those that are taken: %s', async (_what, answer) => {
    const taken = 16 * 1024;
    expect(await readOf(answer, leaveOffWhenOver)).toBeLessThanOrEqual(taken + 2);
    // What undici does of itself, without which there were nothing to show.
    expect(await readOf(answer, () => {})).toBeGreaterThan(taken + 1_000);
  });
});
