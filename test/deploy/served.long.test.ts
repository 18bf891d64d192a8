import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startProcess } from '../../bench/processes.ts';
import { Authority } from '../support/certificates.ts';
import { holdClosedPort } from '../support/closed-port.ts';
import { documents, FOLDERS, KUBERNETES, type Manifest, render } from './kustomize.ts';
import { filesOf, providerPods } from './pods.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** Lists in the order of their text and names without kustomize's hash, for two ways to write one thing. */
function inOrder(value: Manifest): Manifest {
  if (typeof value === 'string') {
    return value.replace(/^(tamma-provider(?:-shared)?)-[a-z0-9]{10}$/, '$1');
  }
  if (Array.isArray(value)) {
    return value.map((each) => JSON.stringify(inOrder(each))).sort();
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}

function kustomize(folder: string): Manifest[] {
  const directory = join(KUBERNETES, folder);
  return documents(execFileSync('bash', ['scripts/kustomize.sh', directory], { encoding: 'utf8' }));
}

describe('kustomize', () => {
  it.each(FOLDERS)('renders %s as the other tests do', (folder) => {
    const { objects, configMaps } = render(folder);
    const own = [...configMaps].map(([name, data]) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data,
    }));
    const withoutImages = (list: Manifest[]) =>
      JSON.parse(JSON.stringify(list).replaceAll('registry.example.com/tamma-', 'tamma-'));
    expect(inOrder(withoutImages(kustomize(folder)))).toEqual(inOrder([...own, ...objects]));
  });
});

describe.each(providerPods().map((pod) => [pod.folder, pod] as const))('%s', (_, pod) => {
  it('serves with the arguments and files of its container, and ends with 0', async () => {
    const root = mkdtempSync(join(tmpdir(), 'pod-'));
    roots.push(root);
    // The Pod's mounts are below a folder of this machine, and its ports are free ones.
    const held = await Promise.all([50_051, 9_465, 9_466, 9_464].map(() => holdClosedPort()));
    const [grpc, health, metrics, admin] = held.map(({ port }) => port);
    const moved = (text: string) =>
      text
        .replace(/(?<=[ :])\/(?=etc|run|var)/g, `${root}/`)
        .replaceAll('50051', `${grpc}`)
        .replaceAll('9465', `${health}`)
        .replaceAll('9466', `${metrics}`);
    const { cert, key } = new Authority().issue({ commonName: 'tamma-provider' });
    const secrets = { 'tls.crt': cert, 'tls.key': key };
    for (const [path, text] of filesOf(pod, secrets)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), path.startsWith('/etc') ? moved(text) : text);
    }
    for (const path of ['run/tamma', 'var/lib/tamma']) {
      mkdirSync(join(root, path), { recursive: true });
    }
    await Promise.all(held.map((port) => port.release()));

    const args = pod.container.args.map((arg: string) => arg.replace(/^\//, `${root}/`));
    const { child, stop } = await startProcess({
      args: ['src/main.ts', ...args],
      environment: { TAMMA_ADMIN_LISTEN: `127.0.0.1:${admin}`, TAMMA_LOG_LEVEL: 'error' },
    });
    try {
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const { path } = pod.container[probe].httpGet;
        expect((await fetch(`http://127.0.0.1:${health}${path}`)).status).toBe(200);
      }
    } finally {
      await stop();
    }
    expect(child.exitCode).toBe(0);
  });
});
