import { statSync } from 'node:fs';
import { LineCounter } from 'yaml';
import { parseYaml } from '../../config/yaml.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { readTextFileSync } from '../../core/read-file.ts';
import { builtInCatalogue, type Catalogue, createCatalogue } from './catalogue.ts';
import { applyCatalogue, CatalogueError } from './rows.ts';

export interface CatalogueStoreOptions {
  /** YAML or JSON whose rows add to the built-in catalogue and override it. Default: none. */
  readonly file?: string;
}

/** Where the store tells what became of its file. */
type CatalogueLog = Pick<ProviderLog, 'info' | 'warn'>;

export interface CatalogueStoreDeps {
  readonly log: CatalogueLog;
  /** Calls `poll` from time to time until the function it returns is called. Default: every 2 s. */
  readonly every?: (poll: () => void) => () => void;
}

const POLL_INTERVAL_MS = 2_000;

/**
 * The catalogue in force: the built-in one with the configured file laid over it. The file is read
 * again when it changes, and refused as a whole when it is invalid; then the catalogue stays as it
 * was.
 *
 * The file is polled rather than watched: Kubernetes changes a mounted file by swapping a symbolic
 * link two directories above it, of which inotify tells nothing.
 */
export class CatalogueStore {
  readonly #file: string | undefined;
  readonly #log: CatalogueLog;
  readonly #every: (poll: () => void) => () => void;
  #current = builtInCatalogue();
  /** Of the file as it was last read, whatever became of it. */
  #fingerprint = '';
  #refused = false;
  #stop: (() => void) | undefined;

  /** @throws CatalogueError if the file cannot be read or is invalid: there is no older one yet. */
  constructor(options: CatalogueStoreOptions, deps: CatalogueStoreDeps) {
    this.#file = options.file;
    this.#log = deps.log;
    this.#every = deps.every ?? everyTwoSeconds;
    if (this.#file === undefined) return;
    this.#fingerprint = fingerprint(this.#file);
    this.#current = readCatalogue(this.#file);
    this.#tell('loaded', this.#file);
  }

  get current(): Catalogue {
    return this.#current;
  }

  /** What an operator should know, one sentence each. */
  get warnings(): readonly string[] {
    return this.#refused
      ? [`The changed model catalogue was refused; version ${this.#current.version} is in force.`]
      : [];
  }

  /** Watches the file, if there is one. Does not keep the process alive. */
  start(): void {
    const file = this.#file;
    if (file !== undefined) this.#stop ??= this.#every(() => this.#poll(file));
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #poll(file: string): void {
    // Before reading: what is written meanwhile has another fingerprint, and is read next time.
    const now = fingerprint(file);
    if (now === this.#fingerprint) return;
    this.#fingerprint = now;
    try {
      this.#current = readCatalogue(file);
      this.#refused = false;
      this.#tell('reloaded', file);
    } catch (err) {
      this.#refused = true;
      this.#log.warn(
        { file, err, catalogue_version: this.#current.version },
        'changed model catalogue refused, the old one stays',
      );
    }
  }

  #tell(what: 'loaded' | 'reloaded', file: string): void {
    const { version, models } = this.#current;
    this.#log.info(
      { file, catalogue_version: version, models: models.length },
      `catalogue ${what}`,
    );
  }
}

/** Equal as long as the file is the same and nobody wrote to it. Follows symbolic links. */
function fingerprint(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    // Reading it will fail likewise, and say so once.
    return String(error);
  }
}

/** @throws CatalogueError */
export function readCatalogue(file: string): Catalogue {
  const base = builtInCatalogue();
  const { version, models } = applyCatalogue(readYaml(file), base.models, file);
  return createCatalogue(`${base.version}+${version}`, models);
}

/** JSON is YAML too. */
function readYaml(file: string): unknown {
  try {
    const lineCounter = new LineCounter();
    const document = parseYaml(readTextFileSync(file), lineCounter);
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw new Error(`line ${line}, column ${col}: ${error.message}`);
    }
    return document.toJS();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CatalogueError(file, [{ path: '.', message: `cannot be read: ${message}` }]);
  }
}

function everyTwoSeconds(poll: () => void): () => void {
  const timer = setInterval(poll, POLL_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
