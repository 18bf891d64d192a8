import type { Socket } from 'node:net';

/**
 * Has undici's parser leave off at the first header or trailer of a connection that is over, for instance because
 * they became too many. It would go on to the end of what it was given, 64 KiB and more, and make an
 * error with its stack for each name and each value: 20 such answers took a core for a second.
 *
 * undici has no hook for it, but looks its own method up on the object that is changed here. If it does so no more,
 * nothing is changed.
 */
export function leaveOffWhenOver(socket: Socket): void {
  const parser = parserOf(socket);
  const track: unknown = parser && Reflect.get(parser, 'trackHeader');
  if (parser === undefined || typeof track !== 'function') return;
  const method = track.bind(parser);
  Reflect.set(parser, 'trackHeader', (bytes: number): void => {
    if (socket.destroyed) throw new Error('the connection is over');
    method(bytes);
  });
}

let name: symbol | undefined;

function parserOf(socket: Socket): object | undefined {
  name ??= Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser: unknown = name && Reflect.get(socket, name);
  return typeof parser === 'object' && parser !== null ? parser : undefined;
}
