import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_TIMEOUT_MS } from '../../src/shared-store/redis/client.ts';
import type { RedisConnection } from '../../src/shared-store/redis/connection.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import {
  CENT,
  connectTo,
  DOLLAR,
  eventually,
  LogProbe,
  openSidecar,
  reserve,
  type SidecarOptions,
  type TestSidecar,
} from './support.ts';

const REFUSED = { reason: 'BUDGET_EXCEEDED', facts: { budget: { storeAway: expect.any(String) } } };

async function isGranted(sidecar: TestSidecar, amount: bigint): Promise<boolean> {
  try {
    return (await reserve(sidecar, amount)).granted === amount;
  } catch (error) {
    expect(error).toMatchObject(REFUSED);
    return false;
  }
}

describeWithRedis('budgets of sidecars whose server is cut off', () => {
  let server: RedisServer;
  let connections: RedisConnection[];
  let sidecars: TestSidecar[];

  beforeEach(async () => {
    server = await RedisServer.start();
    connections = [];
    sidecars = [];
  });

  afterEach(async () => {
    await Promise.all(sidecars.map(({ book }) => book.close()));
    for (const connection of connections) connection.close();
    await server.stop();
  });

  function sidecar(options: SidecarOptions): TestSidecar {
    const connection = connectTo(server, new LogProbe(), () => 0, DEFAULT_TIMEOUT_MS);
    connections.push(connection);
    const opened = openSidecar(connection, { leaseMs: 30_000, ...options });
    sidecars.push(opened);
    return opened;
  }

  /** The ways in which a server can be away, and to come back. */
  const OUTAGES = {
    hangs: { begin: async () => server.freeze(), end: async () => server.thaw() },
    'is killed': { begin: () => server.kill(), end: () => server.start() },
  };

  describe.each(['hangs', 'is killed'] as const)('when the server %s', (kind) => {
    const { begin, end } = OUTAGES[kind];

    it('calls go on within the lease, others are refused, and all is well afterwards', async () => {
      const one = sidecar({ leaseMs: 5_000 });
      (await reserve(one, DOLLAR)).settle(CENT);
      await begin();
      expect(await reserve(one, CENT)).toMatchObject({ granted: CENT });
      await expect(reserve(one, 4n * DOLLAR)).rejects.toMatchObject(REFUSED);
      await end();
      // No restart, and no more than the wait for the next attempt to connect. Until the first answer behind it, calls
      // whose patience an outage has used up are refused.
      await eventually(() => connections.every(({ isUp }) => isUp));
      await eventually(() => isGranted(one, 4n * DOLLAR));
    });

    it('a sidecar closes soon', async () => {
      const one = sidecar({ onOutage: 'allow' });
      const held = await reserve(one, CENT);
      await begin();
      await one.book.close();
      held.settle(CENT);
      await end();
    });
  });

  describe('when the server has lost its data', () => {
    it('sidecars report again what they spent, as soon as they are connected', async () => {
      const [one, two] = [sidecar({ leaseMs: 5_000 }), sidecar({ leaseMs: 5_000 })];
      (await reserve(one, DOLLAR)).settle(DOLLAR);
      (await reserve(two, DOLLAR)).settle(DOLLAR);
      await eventually(() =>
        sidecars.every(({ book }) => book.states({})[0]?.spent === 2n * DOLLAR),
      );
      await server.kill();
      await server.start();
      await eventually(() => connections.every(({ isUp }) => isUp));
      const third = sidecar({});
      await eventually(() => third.book.states({})[0]?.spent === 2n * DOLLAR);
      expect(third.log.lines).toEqual([]);
    });
  });
});
