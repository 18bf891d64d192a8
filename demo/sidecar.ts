import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { listeningAddress } from '../test/support/listening-address.ts';
import { SidecarLog } from './sidecar-log.ts';

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** The sidecar as a process of its own. */
export interface Sidecar extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Of /metrics and the status page: `127.0.0.1:PORT`. */
  readonly adminAddress: string;
  readonly log: SidecarLog;
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
}

/** The process ended before it listened. Its log says why. */
export class StartError extends Error {
  readonly log: SidecarLog;

  constructor(exitCode: number | null, log: SidecarLog) {
    super(`The sidecar did not start (exit code ${exitCode}).`);
    this.log = log;
  }
}

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Time for the calls that still run when the process is told to stop, in ms. */
const STOP_GRACE_MS = 3000;

/**
 * Starts the sidecar on free ports of 127.0.0.1. Its environment is this process's, save for a
 * configuration file, with `environment` on top.
 */
export async function startSidecar(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Sidecar> {
  const child: Child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TAMMA_CONFIG: undefined,
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      TAMMA_LOG_LEVEL: 'info',
      ...environment,
    },
  });
  // However this process ends, that one does not outlive it.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(() => {
    process.off('exit', kill);
  });
  const log = new SidecarLog(child.stderr);
  const address = await Promise.race([listeningAddress(child), ended]);
  if (address === undefined) throw new StartError(child.exitCode, log);
  const running = new AbortController();
  void ended.then(() => running.abort());
  const serving = await log.find((line) => 'admin' in line, running.signal);
  return {
    address,
    adminAddress: String(serving?.admin),
    log,
    ended,
    [Symbol.asyncDispose]: () => stop(child, ended),
  };
}

async function stop(child: Child, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await ended;
  clearTimeout(timer);
}
