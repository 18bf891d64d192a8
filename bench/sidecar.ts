import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settled } from './memory-probe.ts';
import { type ProcessOptions, settle, startProcess } from './processes.ts';

export interface SidecarOptions {
  /** Base URL of the upstream. */
  readonly upstream: string;
  /** The core to run on. Default: any. */
  readonly core?: number;
  /** What runs. Default `src/main.ts`; the build's is `dist/main.js`. */
  readonly entry?: string;
  /** Options for Node.js. Default: none. */
  readonly nodeOptions?: readonly string[];
  /** Further variables for it. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Sidecar {
  readonly pid: number;
  /** Where it serves gRPC. */
  readonly address: string;
  /** Of its admin port, `host:port`. */
  readonly admin: string;
  /** The samples of /metrics: `name{label="value"}` -> value. */
  metrics(): Promise<ReadonlyMap<string, number>>;
  /** Answers what `memory-probe.ts` measures, if that was loaded. */
  settle(): Promise<Settled>;
  stop(): Promise<void>;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
}

/** Starts the sidecar with its defaults, log included, which goes into a file that has no name. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const log = openNameless();
  try {
    const { child, pid, address, stop } = await startProcess(processOptions(options, log));
    const admin = await adminAddress(log);
    const metricsUrl = `http://${admin}/metrics`;
    return {
      pid,
      address,
      admin,
      metrics: async () => parseMetrics(await (await fetch(metricsUrl)).text()),
      settle: () => settle(child),
      stop,
      async kill() {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      },
    };
  } catch (error) {
    process.stderr.write(readWhole(log));
    throw error;
  } finally {
    closeSync(log);
  }
}

/** Sum of a metric over all its label sets; 0 if it has none yet. */
export function sum(metrics: ReadonlyMap<string, number>, name: string): number {
  let total = 0;
  for (const [sample, value] of metrics) {
    if (sample === name || sample.startsWith(`${name}{`)) total += value;
  }
  return total;
}

/** What a sidecar needs to know. @param upstream base URL */
export function sidecarEnvironment(upstream: string): Readonly<Record<string, string>> {
  return {
    OPENAI_API_KEY: 'bench',
    OPENAI_BASE_URL: upstream,
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
  };
}

function processOptions(options: SidecarOptions, stderr: number): ProcessOptions {
  const { upstream, core, entry = 'src/main.ts', nodeOptions = [], environment } = options;
  return {
    args: [...nodeOptions, entry],
    environment: { ...sidecarEnvironment(upstream), ...environment },
    stderr,
    ...(core === undefined ? {} : { core }),
  };
}

/** Only the log tells it, which is written behind the one line on standard output. */
async function adminAddress(log: number): Promise<string> {
  for (let looks = 0; looks < 500; looks += 1) {
    const [, address] = /"admin":"([^"]+)"/.exec(readWhole(log)) ?? [];
    if (address !== undefined) return address;
    await sleep(20);
  }
  throw new Error('the sidecar did not log where its metrics are');
}

/** A file that is gone as soon as nobody has it open. */
function openNameless(): number {
  const directory = mkdtempSync(join(tmpdir(), 'sidecar-'));
  const file = openSync(join(directory, 'log'), 'w+');
  rmSync(directory, { recursive: true });
  return file;
}

/** Leaves the position alone, which the sidecar shares. */
function readWhole(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  return bytes.toString();
}

function parseMetrics(text: string): Map<string, number> {
  const samples = text.matchAll(/^([a-z]\w*(?:\{.*\})?) (\S+)/gm);
  return new Map([...samples].map(([, sample = '', value]) => [sample, Number(value)]));
}
