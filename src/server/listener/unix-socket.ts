import { lstat, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/**
 * Removes a socket file that a dead process left behind, so that the path can be bound.
 *
 * Throws if somebody listens there, if the file is not a socket, or if neither can be told: what
 * may belong to somebody else is never removed. Throws, too, if there is no directory for it.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined) {
    // To bind below a directory that is missing fails with EACCES, as if it was there.
    await stat(dirname(path));
    return;
  }
  if (!stats.isSocket()) throw new Error('the path exists and is not a socket');
  const refusal = await tryConnect(path);
  if (refusal === undefined) throw new Error('EADDRINUSE: another process listens there');
  if (refusal.code !== 'ECONNREFUSED') throw refusal;
  await rm(path, { force: true });
}

/** Undefined if the connection was accepted, else why not. */
function tryConnect(path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', resolve);
  });
}
