import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config/config.ts';
import { configRevision } from './config/describe.ts';
import { variable } from './config/environment.ts';
import type { ConfigSources } from './config/load.ts';
import type { ConfigProblem } from './config/problems.ts';
import { rereadConfig } from './config/reread.ts';
import { problemsIn } from './config-problems.ts';
import type { Clock, Timer } from './core/clock.ts';
import { ProviderError } from './core/errors.ts';
import { LiveText } from './server/callers/live-text.ts';
import type { Reloaded } from './server/options.ts';
import { ATTRIBUTE } from './telemetry/attributes.ts';
import type { Instruments } from './telemetry/instruments.ts';
import type { Logger } from './telemetry/logger.ts';

/** Why the configuration is read again; `refusal`: what was wrong with it may be right by now. */
export type ReloadCause = 'file' | 'signal' | 'call' | 'refusal';

export interface LiveConfigDeps {
  /** Where it is read. Absent: nowhere, and it stays what it is. */
  readonly sources?: ConfigSources | undefined;
  /** Puts it in force, or rejects and leaves everything as it is. */
  readonly apply: (config: Config, revision: string) => Promise<void>;
  /** Told when there may be something new to tell of it. */
  readonly onSettled: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instruments: Pick<Instruments, 'configReloads' | 'configRefused' | 'configWaiting'>;
}

/**
 * When one that was refused is read again, in ms: a file that it names may come later, as Kubernetes brings a
 * ConfigMap and a Secret one by one.
 */
const REFUSED_AGAIN_MS = 10_000;

/** Keys and problems in one line of the log, or in one sentence. */
const MAX_TOLD = 20;

/** The configuration in force, and how another comes to be: as a whole or not at all, one at a time. */
export class LiveConfig {
  readonly #deps: LiveConfigDeps;
  #config: Config;
  #revision: string;
  /** Of the configuration as it was read last. Empty: it is in force. */
  #refusal: readonly ConfigProblem[] = [];
  #needsRestart: readonly string[] = [];
  /** The last one that was begun. Never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  /** The one that begins after it, for all who ask until then. */
  #next: Promise<Reloaded> | undefined;
  readonly #file: LiveText | undefined;
  #again: Timer | undefined;
  #isClosed = false;

  constructor(config: Config, deps: LiveConfigDeps) {
    this.#deps = deps;
    this.#config = config;
    this.#revision = configRevision(config);
    const { sources, clock, instruments } = deps;
    const path = sources?.configPath ?? variable(sources?.environment ?? {}, 'TAMMA_CONFIG');
    const reload = () => void this.reload('file').catch(() => {});
    this.#file =
      path === undefined
        ? undefined
        : new LiveText(path, { clock, take: reload, onRefusal: reload });
    for (const outcome of ['applied', 'unchanged', 'refused']) {
      instruments.configReloads.add(0, { [ATTRIBUTE.outcome]: outcome });
    }
    instruments.configRefused.addCallback((gauge) =>
      gauge.observe(this.#refusal.length > 0 ? 1 : 0),
    );
    instruments.configWaiting.addCallback((gauge) => gauge.observe(this.#needsRestart.length));
  }

  get revision(): string {
    return this.#revision;
  }

  /** What an operator should know of it, a sentence each. */
  get problems(): readonly string[] {
    const [first] = this.#refusal;
    const more = this.#refusal.length > 1 ? ` (and ${this.#refusal.length - 1} more)` : '';
    const waiting = this.#needsRestart.slice(0, MAX_TOLD).join(', ');
    return [
      ...(first === undefined
        ? []
        : [`The changed configuration is refused: ${first.path}: ${first.message}${more}.`]),
      ...(waiting === '' ? [] : [`A change of ${waiting} waits for a restart.`]),
    ];
  }

  /** Watches its file, if there is one. */
  start(): void {
    this.#file?.watch();
  }

  /** Lets the one that runs end; there is no other. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#file?.stop();
    await this.#last;
    this.#again?.cancel();
  }

  /**
   * Reads it again, and puts it in force if all of it is right. What is asked for while one runs is done
   * once, after it.
   *
   * @throws (rejects with) ProviderError INVALID_REQUEST with all that is wrong, SHUTTING_DOWN
   */
  reload(cause: ReloadCause): Promise<Reloaded> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#last.then(async () => {
      // Signals come by the hundred in one turn: all of them ask for one reading, and calls are heard before it.
      await nextTurn();
      this.#next = undefined;
      return this.#reload(cause);
    });
    this.#next = next;
    this.#last = next.catch(() => {});
    return next;
  }

  async #reload(cause: ReloadCause): Promise<Reloaded> {
    const { sources, apply, onSettled } = this.#deps;
    if (this.#isClosed) throw new ProviderError('SHUTTING_DOWN');
    if (sources === undefined) {
      const message = 'This provider was started without a configuration that can be read again.';
      throw new ProviderError('PERMISSION_DENIED', { message });
    }
    try {
      const { config, changed, needsRestart } = rereadConfig(sources, this.#config);
      const revision = configRevision(config);
      if (changed.length > 0) await apply(config, revision);
      this.#config = config;
      this.#revision = revision;
      this.#accepted(cause, { configRevision: revision, changed, needsRestart });
      return { configRevision: revision, changed, needsRestart };
    } catch (thrown) {
      throw this.#refused(cause, thrown);
    } finally {
      onSettled();
    }
  }

  #accepted(cause: ReloadCause, { configRevision: revision, changed, needsRestart }: Reloaded) {
    const { logger } = this.#deps;
    const isTold = this.#needsRestart.join() === needsRestart.join();
    this.#refusal = [];
    this.#again?.cancel();
    this.#needsRestart = needsRestart;
    this.#count(changed.length > 0 ? 'applied' : 'unchanged');
    const fields = { cause, config_revision: revision };
    const told = changed.slice(0, MAX_TOLD);
    // Who sends a signal has no other answer.
    const level = cause === 'signal' ? 'info' : 'debug';
    if (changed.length > 0) logger.info({ ...fields, changed: told }, 'configuration reloaded');
    else logger[level](fields, 'configuration read again: unchanged');
    if (needsRestart.length === 0 || isTold) return;
    const needs = needsRestart.slice(0, MAX_TOLD);
    logger.warn({ cause, needs_restart: needs }, 'changes of the configuration wait for a restart');
  }

  #refused(cause: ReloadCause, thrown: unknown): ProviderError {
    const problems = problemsIn(thrown);
    const isAsked = cause === 'signal' || cause === 'call';
    const isTold = !isAsked && isDeepStrictEqual(problems, this.#refusal);
    this.#refusal = problems;
    this.#readAgain();
    if (!isTold) this.#tellRefusal(cause, problems);
    return new ProviderError('INVALID_REQUEST', {
      message: 'The configuration is refused, and the one before stays in force.',
      fieldViolations: problems.map(({ path, message }) => ({ field: path, description: message })),
      cause: thrown,
    });
  }

  #tellRefusal(cause: ReloadCause, problems: readonly ConfigProblem[]): void {
    this.#count('refused');
    const told = problems.slice(0, MAX_TOLD).map(({ path, message }) => `${path}: ${message}`);
    const fields = { cause, config_revision: this.#revision, problems: told };
    this.#deps.logger.error(fields, 'changed configuration refused, the one before stays in force');
  }

  #readAgain(): void {
    this.#again?.cancel();
    const reload = () => void this.reload('refusal').catch(() => {});
    this.#again = this.#deps.clock.after(REFUSED_AGAIN_MS, reload, true);
  }

  #count(outcome: 'applied' | 'unchanged' | 'refused'): void {
    this.#deps.instruments.configReloads.add(1, { [ATTRIBUTE.outcome]: outcome });
  }
}
