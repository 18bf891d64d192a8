import { afterEach } from '@jest/globals';
import { type RunningServer, startServer } from './running-server.ts';

/** Call it once per test file: what it returns starts a server that stops when its test is over. */
export function serverPerTest(): typeof startServer {
  let running: RunningServer | undefined;

  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  return async (...args) => {
    running = await startServer(...args);
    return running;
  };
}

/** A SendMessageRequest or SendMessageSyncRequest with as little as possible. */
export const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: 'Hi' }] } };

/** The same on the wire. */
export const REQUEST_BYTES = Buffer.from([10, 8, 10, 6, 8, 3, 18, 2, 72, 105]);
