import type { Socket } from 'node:net';
import { replaceInParser } from './undici-parser.ts';

/**
 * Has undici's parser leave off at the first header or trailer of a connection that is over, for instance because
 * they became too many. It would go on to the end of what it was given, 64 KiB and more, and make an
 * error with its stack for each name and each value: 20 such answers took a core for a second.
 */
export function leaveOffWhenOver(socket: Socket): void {
  replaceInParser<(bytes: number) => void>(socket, 'trackHeader', (track) => (bytes) => {
    if (socket.destroyed) throw new Error('the connection is over');
    track(bytes);
  });
}
