import type { Readable, Writable } from 'node:stream';
import type { App } from '../app.ts';
import { EXIT } from './exit-codes.ts';

/** What the process asks of the application. */
export interface ServedApp
  extends Pick<App, 'start' | 'reload' | 'stop' | 'stopped' | 'lostRecords'> {
  readonly logger: Readonly<Record<'info' | 'error' | 'fatal', Log>>;
}

type Log = (fields: object, message: string) => void;

/** Standard output or error: a terminal, a pipe or a file. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
}

/** The part of the Node.js process that is used here. */
export interface Host {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Signals bring their name, the others what was thrown. */
  on(event: ProcessEvent, listener: (subject: unknown) => void): unknown;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** Each asks for a drain. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** A process manager asks for a reload with it, and a terminal that closes, which is no reason to end. */
const RELOAD_SIGNAL = 'SIGHUP';

/** At SIGUSR1 Node.js would open its debugger, which shows the memory of the process, keys and prompts. */
const IGNORED_SIGNALS = ['SIGUSR1', 'SIGUSR2'] as const;

type ProcessEvent =
  | (typeof STOP_SIGNALS)[number]
  | typeof RELOAD_SIGNAL
  | (typeof IGNORED_SIGNALS)[number]
  | 'uncaughtException'
  | 'unhandledRejection';

/**
 * Within which the same signal is the same request, in ms: a terminal sends Ctrl-C to the whole group,
 * and npm hands it on once more.
 */
const SAME_REQUEST_MS = 2_000;

/**
 * Runs the sidecar until it has stopped, and resolves with the exit code: `ok` after a drain, `lost` if
 * records of usage were lost in it, `failed` if it could not start, could not stop, or met an exception
 * that nobody caught.
 *
 * @param now the time in ms, from whenever
 */
export async function serve(
  app: ServedApp,
  host: Host,
  now: () => number = () => performance.now(),
): Promise<number> {
  const { promise: failed, resolve: fail } = Promise.withResolvers<number>();
  const started = app.start();
  let exitCode = EXIT.ok;
  let stopping = false;

  function stop(): void {
    if (stopping) return;
    stopping = true;
    const whenStopped = started.then(
      () => app.stop(),
      () => undefined, // told below
    );
    whenStopped.catch((err: unknown) => {
      app.logger.fatal({ err }, 'stop failed');
      fail(EXIT.failed);
    });
  }

  let asked: { readonly signal: unknown; readonly at: number } | undefined;

  function onSignal(signal: unknown): void {
    if (asked === undefined) {
      asked = { signal, at: now() };
      app.logger.info({ signal }, 'stopping');
      stop();
    } else if (signal !== asked.signal || now() - asked.at > SAME_REQUEST_MS) {
      app.logger.fatal({ signal }, 'told to stop again: ending without a drain');
      host.exit(EXIT.failed);
    }
  }

  for (const signal of STOP_SIGNALS) host.on(signal, onSignal);
  for (const signal of IGNORED_SIGNALS) {
    host.on(signal, () => app.logger.info({ signal }, 'signal ignored'));
  }
  host.on(
    RELOAD_SIGNAL,
    () =>
      void started.then(
        () => app.reload(),
        () => undefined,
      ),
  );
  // A promise that nobody awaited is a bug of one call; the others go on.
  host.on('unhandledRejection', (err) => app.logger.error({ err }, 'unhandled rejection'));
  // After an exception that nobody caught no state can be trusted.
  host.on('uncaughtException', (err) => {
    app.logger.fatal({ err }, 'uncaught exception');
    exitCode = EXIT.failed;
    stop();
  });

  try {
    for (const address of await started) host.stdout.write(`listening on ${address}\n`);
  } catch (error) {
    return startFailed(error, host);
  }
  return Promise.race([
    app.stopped.then(() => exitCode || (app.lostRecords > 0 ? EXIT.lost : EXIT.ok)),
    failed,
  ]);
}

/** Says in one line why the sidecar does not run. Returns the exit code. */
export function startFailed(error: unknown, host: Host): number {
  const message = error instanceof Error ? error.message : String(error);
  host.stderr.write(`start failed: ${message.replaceAll(/\s+/g, ' ')}\n`);
  return EXIT.failed;
}
