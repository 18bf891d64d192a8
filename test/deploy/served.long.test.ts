import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { collect } from '../../src/client/collect.ts';
import { connect, type Sidecar } from '../../src/client/connect.ts';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import type { Manifest } from './kustomize.ts';
import { type ProviderPod, providerPods } from './pods.ts';
import { type StartedPod, type Surroundings, startPod } from './started-pod.ts';

const request = { messages: [{ role: Role.USER, content: 'Say hello' }] };
const pods = providerPods();
const isShared = ({ folder }: ProviderPod) => folder === 'shared';
const usesRedis = ({ folder }: ProviderPod) => folder === 'redis';
const alone = pods.filter((pod) => !usesRedis(pod));

/** Where the application calls it: as its own container is told, else as the Service is named. */
function addressFor({ template }: ProviderPod): string {
  const told = template.spec.containers.flatMap(({ env = [] }: Manifest) => env);
  const found = told.find(({ name }: Manifest) => name === 'PROVIDER_ADDRESS');
  return found?.value ?? '127.0.0.1:50051';
}

let upstream: StubUpstream;
beforeAll(async () => {
  upstream = await startStubUpstream();
});
afterAll(() => upstream.close());

let started: StartedPod;
const sidecars: Sidecar[] = [];
async function start(pod: ProviderPod, around: Partial<Surroundings> = {}): Promise<void> {
  started = await startPod(pod, { upstream: upstream.url, ...around });
  upstream.setApiKeys(started.secret('/run/secrets/tamma/api-key'));
}
function reach(address: string, options?: Parameters<typeof connect>[1]): Sidecar {
  const sidecar = connect(started.here(address), options);
  sidecars.push(sidecar);
  return sidecar;
}
/** As a caller of the shared Service. */
function asCaller(name: string): Sidecar {
  const token = started.secret(`/run/secrets/tamma-callers/${name}`);
  const { caFile } = started;
  return reach('127.0.0.1:50051', { token, tls: { caFile, serverName: 'tamma-provider' } });
}

afterEach(async () => {
  for (const sidecar of sidecars.splice(0)) sidecar.close();
  if (started.child.exitCode === null) await started.stop();
  expect(started.child.exitCode).toBe(0);
  started.remove();
});

async function expectProbed({ container }: ProviderPod): Promise<void> {
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const { path } = container[probe].httpGet;
    expect((await fetch(`${started.health}${path}`)).status).toBe(200);
  }
}

/** A stream that is answered with the key of the Secret, and is in the ledger of the mount. */
async function expectAnswer(sidecar: Sidecar): Promise<void> {
  const { text, completed } = await collect(sidecar.sendMessage({ request }));
  expect(text).toBe('Hello from the stub.');
  const { total } = await sidecar.getUsage();
  expect(total?.attempts).toBeGreaterThan(0);
  expect(Number(completed.cost?.usd)).toBeGreaterThan(0);
}

describe.each(alone.map((pod) => [pod.folder, pod] as const))('%s', (_, pod) => {
  beforeEach(() => start(pod));

  it('answers its probes and a call, with the command and the files of its container', async () => {
    await expectProbed(pod);
    await expectAnswer(isShared(pod) ? asCaller('web-shop') : reach(addressFor(pod)));
  });

  const { listen } = parse(pod.readFile(pod.container.args[1]));
  if (!isShared(pod)) {
    it.each([listen].flat())('answers a call at %s', (address) => expectAnswer(reach(address)));
  }
});

describe('shared, to its callers', () => {
  beforeEach(() => start(pods.find(isShared) as ProviderPod));

  it('is open to none without a token, and to each for its rights', async () => {
    const tls = { caFile: started.caFile, serverName: 'tamma-provider' };
    const nobody = reach('127.0.0.1:50051', { tls });
    await expect(nobody.sendMessageSync({ request })).rejects.toThrow('UNAUTHENTICATED');
    await expect(asCaller('operator').sendMessageSync({ request })).rejects.toThrow('DENIED');
    expect((await asCaller('web-shop').getStatus()).status?.ready).toBe(true);
  });
});

describe('job-dispose', () => {
  beforeEach(() => start(pods.find(({ folder }) => folder === 'job-dispose') as ProviderPod));

  it('ends when its own container has called Dispose', async () => {
    const sidecar = reach('127.0.0.1:50051');
    await expectAnswer(sidecar);
    const ended = once(started.child, 'exit');
    await sidecar.dispose();
    expect(await ended).toEqual([0, null]);
  });
});

describeWithRedis('redis', () => {
  const pod = pods.find(usesRedis) as ProviderPod;
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(() => start(pod, { redis: server.url }));
  afterAll(() => server.stop());

  it('answers its probes and a call, whose budget stands in the Redis of the Secret', async () => {
    await expectProbed(pod);
    const sidecar = reach(addressFor(pod));
    await expectAnswer(sidecar);
    const { budgets } = await sidecar.getBudgets();
    expect(budgets.map(({ name }) => name)).toEqual(['team']);
    expect(await server.command('keys', 'tamma:{shared}:budget:team:*')).not.toBe('');
  });
});
