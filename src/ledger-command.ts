import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type Environment, variable } from './config/environment.ts';
import { type ReadFile, readYaml } from './config/files.ts';
import { type ExportRange, exportRows } from './money/ledger/export-rows.ts';
import { EXPORT_FORMATS, exportText } from './money/ledger/export-text.ts';
import { LedgerError, messageOf } from './money/store/ledger-error.ts';

export interface LedgerCommand {
  /** Behind the name of the subcommand. */
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly readFile: ReadFile;
  /** Where the records go; it may be closed before they are all written. */
  readonly output: Writable;
}

const USAGE = `Usage: tamma-provider-openai ledger [--format jsonl|csv] [--from TIME] [--until TIME]
                                    [--directory PATH] [--config PATH]

Writes the records of the ledger to standard output, in order of their end. A sidecar may be running.

  --format FORMAT   jsonl (default) or csv
  --from TIME       only attempts that ended at or after it (ISO 8601: 2026-11-01 or 2026-11-01T10:00:00Z)
  --until TIME      only attempts that ended before it
  --directory PATH  of the ledger; default: TAMMA_DATA_DIR, else dataDir in the configuration file
  --config PATH     configuration file (YAML); default: the one TAMMA_CONFIG names, else none
  --help            print this, and exit
`;

/** What is wrong with the command, in one sentence. */
class UsageError extends Error {}

/** Exports the ledger. Resolves with the exit code: 0, 1 if it cannot be read, 2 if asked wrongly. */
export async function exportLedger(
  command: LedgerCommand,
  stderr: { write(text: string): unknown },
): Promise<number> {
  try {
    // Standard output is not this command's to end.
    await pipeline(Readable.from(textFor(command)), command.output, { end: false });
    await flushed(command.output);
    return 0;
  } catch (error) {
    // Whoever reads has seen enough: `... ledger | head`.
    if (isBrokenPipe(error)) return 0;
    if (!(error instanceof UsageError || error instanceof LedgerError)) throw error;
    stderr.write(`ledger: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Until whoever reads has taken what was written: the process ends next, and with it what waits. */
function flushed(output: Writable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  output.once('error', reject);
  output.write('', (error) => (error ? reject(error) : resolve()));
  return promise;
}

function isBrokenPipe(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPIPE';
}

/** @throws UsageError, and LedgerError while it is read. */
function textFor(command: LedgerCommand): Iterable<string> {
  const options = readOptions(command.argv);
  if (options.help) return [USAGE];
  const format = EXPORT_FORMATS.find((one) => one === options.format);
  if (format === undefined) {
    throw new UsageError(`--format must be one of ${EXPORT_FORMATS.join(', ')}.`);
  }
  const range = readRange(options.from, options.until);
  return exportText(exportRows(readDirectory(options, command), range), format);
}

function readOptions(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        format: { type: 'string', default: 'jsonl' },
        from: { type: 'string' },
        until: { type: 'string' },
        directory: { type: 'string' },
        config: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function readRange(from: string | undefined, until: string | undefined): ExportRange {
  const range = {
    ...(from === undefined ? {} : { from: readTime('--from', from) }),
    ...(until === undefined ? {} : { until: readTime('--until', until) }),
  };
  if (range.from !== undefined && range.until !== undefined && range.from >= range.until) {
    throw new UsageError('--until must be after --from.');
  }
  return range;
}

/** A day, which begins at midnight UTC, or a time with its zone: nobody should have to guess it. */
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

function readTime(option: string, text: string): number {
  const day = ISO_8601.exec(text)?.[1];
  const epochMs = Date.parse(text);
  if (day === undefined || Number.isNaN(epochMs) || !isDay(day)) {
    throw new UsageError(
      `${option} must be a day such as 2026-11-01 or a time with its zone such as 2026-11-01T10:00:00Z.`,
    );
  }
  return epochMs;
}

/** Date.parse takes February 30 for March 2. */
function isDay(day: string): boolean {
  return new Date(Date.parse(day)).toISOString().startsWith(day);
}

/** The directory that a sidecar with the same configuration uses; needs no API key to tell it. */
function readDirectory(
  options: { readonly directory?: string; readonly config?: string },
  { environment, readFile }: LedgerCommand,
): string {
  const path = options.config ?? variable(environment, 'TAMMA_CONFIG');
  const directory =
    options.directory ??
    variable(environment, 'TAMMA_DATA_DIR') ??
    (path === undefined ? undefined : configuredDirectory(path, readFile));
  if (directory === undefined || directory === '') {
    throw new UsageError('No ledger is named: give --directory, TAMMA_DATA_DIR or dataDir.');
  }
  return directory;
}

function configuredDirectory(path: string, readFile: ReadFile): string | undefined {
  const written = readYaml(path, readFile, (problem) => {
    throw new UsageError(`${problem.path}: ${problem.message}.`);
  });
  const isGroup = typeof written === 'object' && written !== null && 'dataDir' in written;
  return isGroup && typeof written.dataDir === 'string' ? written.dataDir : undefined;
}
