import { setTimeout as sleep } from 'node:timers/promises';
import type { GrpcConnection } from '../../../bench/grpc-connection.ts';

export interface CallsOptions {
  /** Calls that run at once. */
  readonly atOnce: number;
  /** HTTP/2 servers close a connection on which very many calls are cancelled. */
  readonly connections: readonly GrpcConnection[];
  /** Over how long the first calls begin. Default 0: all in one tick. */
  readonly rampMs?: number;
}

/** Makes the calls in their order, `atOnce` at a time; resolves to what came of them, in any order. */
export async function makeCalls<Plan, Result>(
  plans: Iterable<Plan>,
  { atOnce, connections, rampMs = 0 }: CallsOptions,
  make: (plan: Plan, connection: GrpcConnection) => Promise<Result>,
): Promise<Result[]> {
  const waiting = overConnections(plans, connections);
  const results: Result[] = [];
  const worker = async (_: unknown, at: number): Promise<void> => {
    if (rampMs > 0) await sleep((at * rampMs) / atOnce);
    for (const { plan, connection } of waiting) results.push(await make(plan, connection));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Each plan with the connection that is next. */
function* overConnections<Plan>(plans: Iterable<Plan>, connections: readonly GrpcConnection[]) {
  let at = 0;
  for (const plan of plans) {
    const connection = connections[at++ % connections.length];
    if (connection !== undefined) yield { plan, connection };
  }
}
