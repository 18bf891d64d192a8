import type { Socket } from 'node:net';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';

const HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const TOOL_CALLS = 40_000;
const BLOCK = 64 * 1024;
const MIB = 1024 * 1024;
const BOMB = 64 * MIB;

/** What an upstream that means harm answers to every request. */
export const CONDUCTS = {
  silence: () => {},
  'an answer without end': stream(chunk(times(event({ content: 'word '.repeat(20) })))),
  'letters of three bytes without end': stream(chunk(times(event({ content: '字'.repeat(30) })))),
  'pieces of text of 15 MB': (socket: Socket) => {
    socket.write(HEAD);
    forEver(socket, chunk(event({ content: 'x'.repeat(15 * MIB) })));
  },
  'letters of three bytes, written in six': (socket: Socket) => {
    socket.write(HEAD);
    forEver(
      socket,
      chunk(event({ content: 'LETTERS' }).replace('LETTERS', '\\u5b57'.repeat(900_000))),
    );
  },
  'ids and names of models of 1 MB': (socket: Socket) => {
    socket.write(HEAD);
    const choices = [{ index: 0, delta: { content: 'x' }, finish_reason: null }];
    const said = { id: 'i'.repeat(MIB), model: 'm'.repeat(MIB), choices };
    forEver(socket, chunk(`data: ${JSON.stringify(said)}\n\n`));
  },
  'usage that makes no sense': stream(
    chunk(times(nonsense((n) => ({ choices: [], usage: counts(n) })))),
  ),
  'places of choices that are none': stream(
    chunk(times(nonsense((index) => ({ choices: [{ index, delta: { content: 'x' } }] })))),
  ),
  'zeros, returns and bytes that are no text': (socket: Socket) => {
    const noise = Buffer.from(
      '\ufeffdata: {"choices":[{"delta":{"content":"\xff\xc0\x80\0"}}]}\r\rdata: \0\r\n\r\n:\0\r',
      'latin1',
    );
    const block = Buffer.concat(Array.from({ length: 500 }, () => noise));
    socket.write(HEAD);
    forEver(
      socket,
      Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]),
    );
  },
  'pictures without end': (socket: Socket) => {
    const url = `data:image/png;base64,${'A'.repeat(400_000)}`;
    socket.write(HEAD);
    forEver(socket, chunk(event({ images: [{ type: 'image_url', image_url: { url } }] })));
  },
  'other fields with each event': (socket: Socket) => {
    let at = 0;
    socket.write(HEAD);
    const more = () => {
      let goesOn = true;
      while (goesOn && !socket.destroyed) {
        const fields = Array.from({ length: 300 }, () => [`field_${at++}`, { a: 1 }]);
        goesOn = socket.write(chunk(event(Object.fromEntries(fields))));
      }
    };
    socket.on('drain', more);
    more();
  },
  'empty data lines without end': stream(chunk(times('data:\n'))),
  'comments without end': stream(chunk(times(':\n'))),
  'ids and names of events without end': stream(chunk(times('id: 1\nevent: message\n\n'))),
  'names of events of 30 MB': (socket: Socket) => {
    socket.write(HEAD);
    socket.write(chunk(`event: ${'x'.repeat(30 * MIB)}\n`));
  },
  'ids of 1 KB, another with each crumb of a tool call': (socket: Socket) => {
    socket.write(HEAD);
    let at = 0;
    const more = () => {
      let goesOn = true;
      while (goesOn && !socket.destroyed) {
        const id = `${at++}`.padEnd(1_000, 'x');
        const called = { name: 'look', arguments: '1' };
        goesOn = socket.write(chunk(event({ tool_calls: [{ index: 0, id, function: called }] })));
      }
    };
    socket.on('drain', more);
    more();
  },
  'answers that nobody asked for': (socket: Socket) => {
    const answer = `${HEAD}${chunk(event({ content: 'word' }, 'stop'))}${chunk('data: [DONE]\n\n')}0\r\n\r\n`;
    socket.write(answer);
    forEver(socket, times(answer));
  },
  'lines that may become an error': stream(chunk(`[{}\n${times(',{}\n')}`)),
  'a line without end': (socket: Socket) => {
    socket.write(`${HEAD}${chunk('data: {"choices":[{"delta":{"content":"')}`);
    forEver(socket, chunk(times('word ')));
  },
  'events of ten million values': (socket: Socket) => {
    socket.write(HEAD);
    forEver(socket, chunk(`data: {"choices":[${'{},'.repeat(10_000_000)}\n\n`));
  },
  'events a million levels deep': (socket: Socket) => {
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    socket.write(HEAD);
    forEver(socket, chunk(`data: {"choices":[],"usage":${deep}}\n\n`));
  },
  '40,000 tool calls': (socket: Socket) => {
    socket.write(HEAD);
    for (let call = 0; call < TOOL_CALLS; call += 1) socket.write(chunk(event(toolCall(call))));
    socket.end(`${chunk(event({}, 'tool_calls'))}${chunk('data: [DONE]\n\n')}0\r\n\r\n`);
  },
  'a tool call of 16 MB and then in crumbs': (socket: Socket) => {
    const piece = (args: string, id: number) => ({
      tool_calls: [{ index: 0, id: `call_${id}`, function: { name: 'look', arguments: args } }],
    });
    socket.write(HEAD);
    socket.write(chunk(event(piece(`"${'x'.repeat(16 * MIB)}`, 0))));
    forEver(socket, chunk(times(event(piece('x', 1)))));
  },
  'early hints without end': (socket: Socket) =>
    forEver(socket, times('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')),
  'the end behind its headers': (socket: Socket) => socket.end(HEAD),
  'headers without end': (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    forEver(socket, times('x-more: and more\r\n'));
  },
  'trailers without end': (socket: Socket) => {
    socket.write(`${HEAD}${chunk(event({ content: 'word' }, 'stop'))}0\r\n`);
    forEver(socket, times('x-more: and more\r\n'));
  },
  'an extension of a chunk without end': (socket: Socket) => {
    socket.write(`${HEAD}5;x=`);
    forEver(socket, times('extension'));
  },
  'chunks of one byte without end': stream(times('1\r\n:\r\n')),
  'gzip without end': packed('gzip', () => gzipSync(Buffer.alloc(BOMB, ':\n'))),
  'brotli without end': packed('br', () =>
    brotliCompressSync(Buffer.alloc(BOMB, ':\n'), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    }),
  ),
  'zstd with a window of 128 MiB': packed('zstd', () =>
    zstdCompressSync(Buffer.alloc(160 * MIB, ': a comment\n'), {
      params: { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_compressionLevel]: 1 },
    }),
  ),
  'an error without end': (socket: Socket) => {
    socket.write('HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n');
    forEver(socket, chunk(times('{"error":')));
  },
  'redirects without end': (socket: Socket) =>
    socket.end('HTTP/1.1 307 Away\r\nlocation: /v1/again\r\ncontent-length: 0\r\n\r\n'),
  'a list without end': (socket: Socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    socket.write(chunk('{"data":['));
    forEver(socket, chunk(times('{"id":"a"},')));
  },
} satisfies Record<string, (socket: Socket) => void>;

export type Conduct = keyof typeof CONDUCTS;

function stream(bytes: string) {
  return (socket: Socket): void => {
    socket.write(HEAD);
    forEver(socket, bytes);
  };
}

function packed(coding: string, pack: () => Buffer) {
  return (socket: Socket): void => {
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: ${coding}\r\n\r\n`,
    );
    forEver(socket, pack());
  };
}

function forEver(socket: Socket, bytes: string | Buffer): void {
  const block = Buffer.from(bytes);
  const more = () => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** As often as fits a block. */
function times(text: string): string {
  return text.repeat(Math.ceil(BLOCK / text.length));
}

function event(delta: object, finishReason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', model: 'm', choices })}\n\n`;
}

/** An event with each of what is no count, or none that can be. */
function nonsense(say: (value: unknown) => object): string {
  const values = [1e308, -1, 0.5, 2 ** 31, 2 ** 53, 'many', null, {}, [[]]];
  return values.map((value) => `data: ${JSON.stringify({ id: 'a', ...say(value) })}\n\n`).join('');
}

function counts(n: unknown): object {
  const prompt_tokens_details = { cached_tokens: n };
  return { prompt_tokens: n, completion_tokens: n, total_tokens: n, prompt_tokens_details };
}

function toolCall(index: number): object {
  const called = { name: 'look', arguments: '{}' };
  return { tool_calls: [{ index, id: `call_${index}`, type: 'function', function: called }] };
}
