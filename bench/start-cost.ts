import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, rssMiB } from './processes.ts';

/** Its options for Node.js and the program, as the image has them. */
export function imageArgs(): readonly string[] {
  const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  return (JSON.parse(entrypoint) as string[]).slice(1);
}

/** A process that is there and does nothing, to compare with. */
export const BARE_NODE = ['--eval', 'console.log(""); setTimeout(() => {}, 60_000)'];

export interface StartCost {
  readonly wallMs: number;
  /** Of all its threads. */
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/** A start up to the first line of output, which says where it listens. */
export async function startCost(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<StartCost> {
  const before = performance.now();
  const child = spawn(process.execPath, args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`${args.join(' ')} ended with ${code}`))),
  ]);
  const wallMs = performance.now() - before;
  const pid = child.pid ?? 0;
  const cost = { wallMs, cpuMs: cpuSeconds(pid) * 1_000, rssMiB: rssMiB(pid) };
  process.off('exit', kill);
  kill();
  await ended;
  return cost;
}

/** Wall time in ms of a process that ends by itself. */
export function runMs(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): number {
  const before = performance.now();
  const { status } = spawnSync(process.execPath, args, { env: environment, stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return performance.now() - before;
}

/** Variables for a sidecar that listens on free ports and asks nobody. */
export const ALONE = {
  OPENAI_API_KEY: 'bench',
  OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
  TAMMA_LISTEN: '127.0.0.1:0',
  TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
};

/** A compile cache as the image has it: of one start that came to its end. Goes with this process. */
export async function compileCache(args: readonly string[]): Promise<Record<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-compiled-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const environment = { NODE_COMPILE_CACHE: directory };
  const child = spawn(process.execPath, args, {
    env: { ...ALONE, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  await ended;
  return environment;
}
