/** What the process asks of the sidecar. */
export interface Sidecar {
  /** Listens. Resolves with the addresses, real ports filled in. */
  start(): Promise<readonly string[]>;
  /** Drains and stops. */
  stop(): Promise<void>;
  /** Resolves when it has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
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

type ProcessEvent = 'SIGTERM' | 'SIGINT' | 'uncaughtException' | 'unhandledRejection';

/**
 * Runs the sidecar until it has stopped, and resolves with the exit code: 0 after a drain, 1 if it
 * could not start, could not stop, or met an exception that nobody caught.
 */
export async function serve(app: Sidecar, host: Host): Promise<number> {
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

  function onSignal(signal: unknown): void {
    if (stopping) {
      host.exit(1);
    } else {
      app.logger.info({ signal }, 'stopping');
      stop();
    }
  }

  host.on('SIGTERM', onSignal);
  host.on('SIGINT', onSignal);
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
  return Promise.race([app.stopped.then(() => exitCode), failed]);
}

/** Says in one line why the sidecar does not run. Returns the exit code. */
export function startFailed(error: unknown, host: Host): number {
  const message = error instanceof Error ? error.message : String(error);
  host.stderr.write(`start failed: ${message.replaceAll(/\s+/g, ' ')}\n`);
  return 1;
}
