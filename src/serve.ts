/** What the process asks of the sidecar. */
export interface Sidecar {
  /** Listens. Resolves with the addresses, real ports filled in. */
  start(): Promise<readonly string[]>;
  /** Drains and stops. */
  stop(): Promise<void>;
  /** Resolves when it has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
  /** Records of usage that could be written nowhere. */
  readonly lostRecords: number;
  readonly logger: Readonly<Record<'info' | 'error' | 'fatal', Log>>;
}

type Log = (fields: object, message: string) => void;

interface Output {
  write(text: string): unknown;
}

/** The part of the Node.js process that is used here. */
export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Signals bring their name, the others what was thrown. */
  on(event: ProcessEvent, listener: (subject: unknown) => void): unknown;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** Exit code after a drain if records of usage are lost. */
const EXIT_LOST = 3;

/** Each asks for a drain. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/**
 * A terminal that closes and a process manager's reload are no reason to end; nothing reloads yet. At
 * SIGUSR1 Node.js would open its debugger, which shows the memory of the process, keys and prompts.
 */
const IGNORED_SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

type ProcessEvent =
  | (typeof STOP_SIGNALS)[number]
  | (typeof IGNORED_SIGNALS)[number]
  | 'uncaughtException'
  | 'unhandledRejection';

/**
 * Within which the same signal is the same request, in ms: a terminal sends Ctrl-C to the whole group,
 * and npm hands it on once more.
 */
const SAME_REQUEST_MS = 2_000;

/**
 * Runs the sidecar until it has stopped, and resolves with the exit code: 0 after a drain, EXIT_LOST if
 * records of usage were lost in it, 1 if it
 * could not start, could not stop, or met an exception that nobody caught.
 *
 * @param now the time in ms, from whenever
 */
export async function serve(
  app: Sidecar,
  host: Host,
  now: () => number = () => performance.now(),
): Promise<number> {
  const { promise: failed, resolve: fail } = Promise.withResolvers<number>();
  const started = app.start();
  let exitCode = 0;
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
      fail(1);
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
      host.exit(1);
    }
  }

  for (const signal of STOP_SIGNALS) host.on(signal, onSignal);
  for (const signal of IGNORED_SIGNALS) {
    host.on(signal, () =>
      app.logger.info({ signal }, 'signal ignored: there is nothing to reload'),
    );
  }
  // A promise that nobody awaited is a bug of one call; the others go on.
  host.on('unhandledRejection', (err) => app.logger.error({ err }, 'unhandled rejection'));
  // After an exception that nobody caught no state can be trusted.
  host.on('uncaughtException', (err) => {
    app.logger.fatal({ err }, 'uncaught exception');
    exitCode = 1;
    stop();
  });

  try {
    for (const address of await started) host.stdout.write(`listening on ${address}\n`);
  } catch (error) {
    return startFailed(error, host);
  }
  return Promise.race([
    app.stopped.then(() => exitCode || (app.lostRecords > 0 ? EXIT_LOST : 0)),
    failed,
  ]);
}

/** Says in one line why the sidecar does not run. Returns the exit code. */
export function startFailed(error: unknown, host: Host): number {
  const message = error instanceof Error ? error.message : String(error);
  host.stderr.write(`start failed: ${message.replaceAll(/\s+/g, ' ')}\n`);
  return 1;
}
