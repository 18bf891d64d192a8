/** A worker thread: an upstream that means harm. It posts its port. */
import { createServer, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** What it answers to every request. */
export type Conduct =
  | 'silence'
  | 'an answer without end'
  | 'empty data lines without end'
  | 'a line without end'
  | '40,000 tool calls'
  | 'early hints without end'
  | 'headers without end';

const HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const TOOL_CALLS = 40_000;
const BLOCK = 64 * 1024;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.resume();
    answer(socket, workerData.conduct);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  parentPort?.postMessage(typeof address === 'object' && address !== null ? address.port : 0);
});

function answer(socket: Socket, conduct: Conduct): void {
  switch (conduct) {
    case 'silence':
      return;
    case 'an answer without end':
      socket.write(HEAD);
      forEver(socket, chunk(times(event({ content: 'word '.repeat(20) }))));
      return;
    case 'empty data lines without end':
      socket.write(HEAD);
      forEver(socket, chunk(times('data:\n')));
      return;
    case 'a line without end':
      socket.write(`${HEAD}${chunk('data: {"choices":[{"delta":{"content":"')}`);
      forEver(socket, chunk(times('word ')));
      return;
    case '40,000 tool calls':
      socket.write(HEAD);
      for (let call = 0; call < TOOL_CALLS; call += 1) socket.write(chunk(event(toolCall(call))));
      socket.end(`${chunk(event({}, 'tool_calls'))}${chunk('data: [DONE]\n\n')}0\r\n\r\n`);
      return;
    case 'early hints without end':
      forEver(socket, times('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'));
      return;
    case 'headers without end':
      socket.write('HTTP/1.1 200 OK\r\n');
      forEver(socket, times('x-more: and more\r\n'));
      return;
  }
}

function forEver(socket: Socket, bytes: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
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

function toolCall(index: number): object {
  const called = { name: 'look', arguments: '{}' };
  return { tool_calls: [{ index, id: `call_${index}`, type: 'function', function: called }] };
}
