import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { listeningAddress } from '../support/listening-address.ts';

/** A sidecar in a process of its own, which an attack may end without ending the test. */
export interface SidecarProcess {
  /** `127.0.0.1:50051`. */
  readonly address: string;
  readonly child: ChildProcess;
  /** Whether the process still runs. */
  readonly alive: boolean;
  /** Resolves with the exit code, null if a signal has ended it. */
  readonly gone: Promise<number | null>;
  /** Ends it by its id, and waits until it has gone. */
  stop(): Promise<void>;
}

export interface SidecarSettings {
  /** The program; default: `src/main.ts`. */
  readonly entry?: string;
  /** Options of Node.js: `--max-old-space-size=128`. */
  readonly nodeOptions?: readonly string[];
  /** What its standard error is; default: it is read and thrown away. */
  readonly stderr?: 'pipe' | 'ignore' | number;
  /** On top of its own; undefined takes one of those away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Files that it may have open; default: as many as this process. */
  readonly maxOpenFiles?: number;
}

/** Starts the sidecar on free ports. Its upstream is a port of this machine that nobody listens at. */
export async function startSidecar(settings: SidecarSettings = {}): Promise<SidecarProcess> {
  const { entry = 'src/main.ts', nodeOptions = [], stderr = 'ignore', environment = {} } = settings;
  const { maxOpenFiles } = settings;
  const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', stderr];
  const limit = maxOpenFiles === undefined ? '' : `ulimit -n ${maxOpenFiles}; `;
  const command = [process.execPath, ...nodeOptions, entry];
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], {
    stdio,
    env: {
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      ...environment,
    },
  });
  const gone = once(child, 'exit').then(([code]) => code as number | null);
  const address = await Promise.race([
    listeningAddress(child),
    gone.then((code) =>
      Promise.reject(new Error(`the sidecar did not start: it ended with ${code}`)),
    ),
  ]);
  return {
    address,
    child,
    gone,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
