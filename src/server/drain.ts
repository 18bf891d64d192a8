import type { Server } from '@grpc/grpc-js';
import type { Clock } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import type { Connections } from './listener/connections.ts';
import type { ActiveCalls } from './rpc/active-calls.ts';

/** Time, in ms, for the last bytes to reach the callers before connections are cut. */
const FLUSH_MS = 2000;

/** Waits until no call runs; those that still do after `graceMs` are ended with SHUTTING_DOWN. */
export async function drainCalls(calls: ActiveCalls, graceMs: number, clock: Clock): Promise<void> {
  const grace = clock.after(graceMs, () => calls.abortAll(new ProviderError('SHUTTING_DOWN')));
  await calls.idle();
  grace.cancel();
}

/**
 * Closes the connections: gently at first, by force if that takes too long. A caller who does not read
 * would hold the server up for ever.
 */
export async function shutDown(
  server: Server,
  connections: Pick<Connections, 'none' | 'stop'>,
  clock: Clock,
): Promise<void> {
  // What it calls back is too early: it does not know of the connections below its sessions.
  server.tryShutdown(() => {});
  await new Promise<void>((resolve) => {
    const timer = clock.after(FLUSH_MS, resolve);
    void connections.none().then(() => {
      timer.cancel();
      resolve();
    });
  });
  server.forceShutdown();
  connections.stop();
}
