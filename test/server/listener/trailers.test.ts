import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import net, { type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { endInOneWrite, goOn, sentTrailers } from '../../../src/server/listener/trailers.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const NAMES = new Map([
  [0, 'DATA'],
  [1, 'HEADERS'],
]);

/** Of frames that hold part of an answer, in what one read has brought. */
function framesIn(read: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 9 <= read.length; at += 9 + read.readUIntBE(at, 3)) {
    const name = NAMES.get(read[at + 3] ?? -1);
    if (name !== undefined) names.push(name);
  }
  return names;
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Asks a server that answers so, and looks at what it sends on the way. */
async function ask(answer: (stream: ServerHttp2Stream) => void) {
  const server = http2.createServer();
  const port = await portOf(server as unknown as Server);
  const reads: string[][] = [];
  const proxy = net.createServer((caller) => {
    const upstream = net.connect(port, '127.0.0.1');
    caller.pipe(upstream);
    upstream.on('data', (read: Buffer) => {
      reads.push(framesIn(read));
      caller.write(read);
    });
    ends.push(() => upstream.destroy());
  });
  const client = http2.connect(`http://127.0.0.1:${await portOf(proxy)}`);
  ends.push(() => {
    client.destroy();
    proxy.close();
    server.close();
  });
  const opened = once(server, 'stream');
  const request = client.request({ ':path': '/', ':method': 'POST' }, { endStream: true });
  const said: Buffer[] = [];
  request.on('data', (data: Buffer) => said.push(data));
  const trailed = once(request, 'trailers');
  const [stream] = (await opened) as [ServerHttp2Stream];
  answer(stream);
  const closed = once(stream, 'close');
  const [trailers] = await trailed;
  await closed;
  const frames = reads.filter((names) => names.length > 0);
  return {
    stream,
    frames,
    said: Buffer.concat(said),
    trailers: Object.fromEntries(Object.entries(trailers)),
  };
}

/** As grpc-js ends a call. */
function endWith(stream: ServerHttp2Stream, trailers: http2.OutgoingHttpHeaders): void {
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
}

function respond(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
}

const TRAILERS = { 'grpc-status': 0, 'grpc-message': '', many: ['a', 'b'], none: undefined };

describe('endInOneWrite', () => {
  it('has the trailers leave with the last of the data', async () => {
    const { stream, frames, said, trailers } = await ask((stream) => {
      respond(stream);
      endInOneWrite(stream);
      stream.write('answer');
      endWith(stream, TRAILERS);
    });
    // What a read brings was written at once: the server writes in a later turn than this process reads.
    expect(frames).toEqual([['HEADERS', 'DATA', 'HEADERS']]);
    expect(said.toString()).toBe('answer');
    expect(trailers).toEqual({ 'grpc-status': '0', 'grpc-message': '', many: 'a, b' });
    expect(sentTrailers(stream)).toBe(TRAILERS);
    expect(stream.rstCode).toBe(0);
    // And not destroyed in the middle of a write, which costs an error.
    expect(stream.writableFinished).toBe(true);
  });

  it('is worth it: Node.js alone writes several times', async () => {
    const { stream, frames } = await ask((stream) => {
      respond(stream);
      stream.write('answer');
      endWith(stream, TRAILERS);
    });
    expect(frames.length).toBeGreaterThan(1);
    expect(sentTrailers(stream)).toMatchObject({ 'grpc-status': 0 });
  });

  it('waits for a caller who takes the data slowly', async () => {
    const long = Buffer.alloc(300_000, 'x');
    const { said, trailers } = await ask((stream) => {
      respond(stream);
      endInOneWrite(stream);
      stream.write(long);
      endWith(stream, TRAILERS);
    });
    expect(said.equals(long)).toBe(true);
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
  });

  it('ends a stream that goes on for some turns', async () => {
    const { said, trailers } = await ask(async (stream) => {
      respond(stream);
      endInOneWrite(stream);
      goOn(stream);
      for (const piece of ['a', 'b', 'c']) {
        stream.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      endWith(stream, TRAILERS);
    });
    expect(said.toString()).toBe('abc');
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
  });

  it('does not touch a stream whose data is all', async () => {
    const server = http2.createServer();
    const port = await portOf(server as unknown as Server);
    const client = http2.connect(`http://127.0.0.1:${port}`);
    ends.push(() => {
      client.destroy();
      server.close();
    });
    const request = client.request({ ':path': '/' });
    const [stream] = (await once(server, 'stream')) as [ServerHttp2Stream];
    const { sendTrailers } = stream;
    stream.respond({ ':status': 200 });
    endInOneWrite(stream);
    expect(stream.sendTrailers).toBe(sendTrailers);
    stream.end('answer');
    request.resume();
    await once(request, 'end');
  });
});
