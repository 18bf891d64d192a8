import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type RunningProcess, startProcess } from '../../bench/processes.ts';
import { Authority } from '../support/certificates.ts';
import { holdClosedPort } from '../support/closed-port.ts';
import type { Manifest } from './kustomize.ts';
import { filesOf, type ProviderPod } from './pods.ts';

/** The container of a Pod as a process of this machine, below a folder of its own and on free ports. */
export interface StartedPod extends Pick<RunningProcess, 'child' | 'stop'> {
  /** What stands in the Pod, as it is here: `unix:/run/tamma/provider.sock`, `127.0.0.1:50051`. */
  readonly here: (text: string) => string;
  /** Of a Secret's key: `/run/secrets/tamma-callers/web-shop`. */
  readonly secret: (path: string) => string;
  /** Who vouches for its certificate: a file. */
  readonly caFile: string;
  /** `http://127.0.0.1:PORT` of the port that its probes ask. */
  readonly health: string;
  /** Removes its folder; the process has ended by then. */
  readonly remove: () => void;
}

export interface Surroundings {
  /** Base URL of what stands in OpenAI's place. */
  readonly upstream: string;
  /** URL of the Redis in the Secret. */
  readonly redis?: string;
}

/** Starts it with its image's command, its arguments, its variables, and the files of its mounts. */
export async function startPod(pod: ProviderPod, around: Surroundings): Promise<StartedPod> {
  const { container } = pod;
  const root = mkdtempSync(join(tmpdir(), 'pod-'));
  const held = await Promise.all([50_051, 9_465, 9_466, 9_464].map(() => holdClosedPort()));
  const [grpc, health, metrics, admin] = held.map(({ port }) => port);
  const here = (text: string) =>
    text
      .replace(/(?<=^|[ :])\/(?=etc|run|var)/gm, `${root}/`)
      .replaceAll('50051', `${grpc}`)
      .replaceAll('9465', `${health}`)
      .replaceAll('9466', `${metrics}`);
  const authority = new Authority();
  const { cert, key } = authority.issue({ commonName: 'any', dns: ['tamma-provider'] });
  const contents = {
    'tls.crt': cert,
    'tls.key': key,
    ...(around.redis !== undefined && { url: around.redis }),
  };
  for (const [path, text] of filesOf(pod, contents)) {
    write(join(root, path), path.startsWith('/etc') ? here(text) : text);
  }
  const caFile = join(root, 'ca.pem');
  write(caFile, authority.cert);
  const writable = container.volumeMounts.filter(({ readOnly }: Manifest) => readOnly !== true);
  for (const { mountPath } of writable) mkdirSync(join(root, mountPath), { recursive: true });
  await Promise.all(held.map((port) => port.release()));

  const { child, stop } = await startProcess({
    args: [...nodeOptions(), 'src/main.ts', ...container.args.map(here)],
    environment: {
      ...Object.fromEntries(
        (container.env ?? []).map(({ name, value }: Manifest) => [name, here(value)]),
      ),
      OPENAI_BASE_URL: around.upstream,
      TAMMA_ADMIN_LISTEN: `127.0.0.1:${admin}`,
      TAMMA_LOG_LEVEL: 'error',
    },
  });
  return {
    child,
    stop,
    here,
    secret: (path) => readFileSync(join(root, path), 'utf8').trim(),
    caFile,
    health: `http://127.0.0.1:${health}`,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Of the image's entry point: what stands between Node.js and the program. */
function nodeOptions(): string[] {
  const entryPoints = [...readFileSync('Dockerfile', 'utf8').matchAll(/^ENTRYPOINT (.*)$/gm)];
  const [, last = ''] = entryPoints.at(-1) ?? [];
  return JSON.parse(last).slice(1, -1);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
