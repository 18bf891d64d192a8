import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type RunningProcess, startProcess } from '../../bench/processes.ts';
import { collect, connect, type GrpcClient, type WireMessage } from '../support/grpc-client.ts';
import { describeWithDisk, SmallDisk } from '../support/small-disk.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const CALLS = 200;
const AT_ONCE = 10;
const ITEMS = 40;
/** 4 tokens in at 0.15 and 5 out at 0.60 dollars per million. */
const PICO_PER_CALL = 3_600_000n;
const REQUEST = { messages: [{ role: 'ROLE_USER', content: 'Hi' }], maxTokens: 50 };

interface Running extends RunningProcess {
  readonly client: GrpcClient;
  /** Waits for its end. */
  kill(): Promise<void>;
}

describeWithDisk('a sidecar whose disk is full', () => {
  let disk: SmallDisk;
  let upstream: StubUpstream;
  let sidecar: Running;

  beforeEach(async () => {
    const mounted = SmallDisk.mount(24);
    if (mounted === undefined) throw new Error('no disk');
    disk = mounted;
    upstream = await startStubUpstream();
  });

  afterEach(async () => {
    sidecar.client.close();
    await sidecar.kill();
    await upstream.close();
    disk.unmount();
    for (const path of [configPath(), logPath()]) rmSync(path, { force: true });
  });

  const configPath = () => `${disk.path}.yaml`;
  const logPath = () => `${disk.path}.log`;
  const logged = () => readFileSync(logPath(), 'utf8');

  async function start(ledger = ''): Promise<void> {
    const quick = 'pollInterval: 20ms, maxPollInterval: 100ms, lookFor: 100ms';
    writeFileSync(
      configPath(),
      `{ defaultModel: gpt-4o-mini, batchApi: on, batch: { ${quick} }, ${ledger} }`,
    );
    const log = openSync(logPath(), 'w');
    const started = await startProcess({
      args: ['src/main.ts'],
      environment: {
        OPENAI_API_KEY: 'sk-test',
        OPENAI_BASE_URL: upstream.url,
        TAMMA_LISTEN: '127.0.0.1:0',
        TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
        TAMMA_CONFIG: configPath(),
        TAMMA_DATA_DIR: join(disk.path, 'data'),
      },
      stderr: log,
    });
    closeSync(log);
    const client = connect(started.address, { 'grpc.use_local_subchannel_pool': 1 });
    const ended = once(started.child, 'exit');
    const kill = async () => {
      started.child.kill('SIGKILL');
      await ended;
    };
    sidecar = { ...started, client, kill };
    await eventually(async () => (await usage()) !== undefined);
  }

  async function stop(): Promise<number> {
    const ended = once(sidecar.child, 'exit');
    sidecar.client.close();
    sidecar.child.kill('SIGTERM');
    return (await ended)[0];
  }

  async function makeCalls(): Promise<void> {
    for (let made = 0; made < CALLS; made += AT_ONCE) {
      const calls = Array.from({ length: AT_ONCE }, () =>
        sidecar.client.provider.unary('SendMessageSync', { request: REQUEST }),
      );
      await Promise.all(calls);
    }
  }

  async function usage() {
    const { total, partial } = await sidecar.client.usage.unary('GetUsage');
    const { attempts, cost } = total as { attempts: number; cost: { usd: string } | null };
    return { attempts, usd: cost?.usd, partial };
  }

  async function createBatch(): Promise<string> {
    const items = Array.from({ length: ITEMS }, (_, n) => ({
      item: { customId: `item-${n}`, request: REQUEST },
    }));
    const options = { options: { displayName: 'full' } };
    const { batch } = await sidecar.client.batch.upload('CreateBatch', [options, ...items]);
    return (batch as { readonly id: string }).id;
  }

  async function outage(): Promise<WireMessage> {
    const { status } = await sidecar.client.provider.unary('GetStatus');
    return (status as { readonly ledger: WireMessage }).ledger;
  }

  const usd = (calls: number) => {
    const pico = String(PICO_PER_CALL * BigInt(calls)).padStart(13, '0');
    return `${pico.slice(0, -12)}.${pico.slice(-12)}`.replace(/0+$/, '');
  };

  it('answers all calls, says so, and loses nothing when it stops: it has a reserve', async () => {
    await start('ledger: { reserveSize: 4MiB }');
    await makeCalls();
    disk.fill();
    await makeCalls();
    await eventually(async () => (await outage()).problem !== '');
    expect(await outage()).toMatchObject({ problem: expect.stringMatching(/cannot be written/) });
    expect(await usage()).toMatchObject({ partial: true });
    expect(await stop()).toBe(0);
    expect(logged()).not.toMatch(/lost to the ledger/);
    expect(logged().match(/cannot be written; calls go on/g)?.length).toBeLessThanOrEqual(2);
    disk.empty();
    await start();
    expect(await usage()).toEqual({ attempts: 2 * CALLS, usd: usd(2 * CALLS), partial: false });
  });

  it('without a reserve tells what is lost, in the log and as it ends', async () => {
    await start('ledger: { reserveSize: 0 }');
    disk.fill();
    await makeCalls();
    await makeCalls();
    expect(await stop()).toBe(3);
    const lost = /"attempts":(\d+),"cost_usd":"([\d.]+)","msg":"attempts are lost/.exec(logged());
    const attempts = Number(lost?.[1]);
    expect(attempts).toBeGreaterThan(0);
    expect(lost?.[2]).toBe(usd(attempts));
    disk.empty();
    await start();
    const { attempts: booked } = await usage();
    // What was lost may stand in the journal as begun, and is booked as an estimate then.
    expect(booked).toBeGreaterThanOrEqual(2 * CALLS - attempts);
    expect(booked).toBeLessThanOrEqual(2 * CALLS);
  });

  it('takes no batch, and goes on with those it has when there is room', async () => {
    await start('ledger: { reserveSize: 4MiB }');
    disk.fill();
    // What is in the log of the database already has room for some more.
    await makeCalls();
    let refused: { code?: number } = {};
    await eventually(async () => {
      await createBatch().catch((error) => {
        refused = error;
      });
      return refused.code !== undefined;
    });
    expect(refused).toMatchObject({
      code: 14,
      details: expect.stringMatching(/cannot keep batches now/),
    });
    disk.empty();
    const id = await createBatch();
    disk.fill();
    await sleep(500);
    disk.empty();
    const stream = sidecar.client.batch.stream('StreamBatchResults', { batchId: id, wait: true });
    const { messages } = await collect(stream);
    expect(new Set(messages.map(({ customId }) => customId)).size).toBe(ITEMS);
    expect(messages).toHaveLength(ITEMS);
  });
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
