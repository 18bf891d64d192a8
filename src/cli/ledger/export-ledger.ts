import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { variable } from '../../config/environment.ts';
import { type ReadFile, readYaml } from '../../config/files.ts';
import { type ExportRange, exportRows } from '../../money/ledger/export-rows.ts';
import { exportText } from '../../money/ledger/export-text.ts';
import { LedgerError } from '../../money/store/ledger-error.ts';
import { type Cli, CliError } from '../cli.ts';

interface Places {
  readonly directory?: string;
  readonly config?: string;
}

interface LedgerExport extends Places {
  readonly format: 'jsonl' | 'csv';
  readonly range: ExportRange;
}

/**
 * Writes the records of the ledger to standard output.
 *
 * @throws CliError if there is none, or if it cannot be read
 */
export async function exportLedger(options: LedgerExport, cli: Cli): Promise<void> {
  const { format, range } = options;
  if (range.from !== undefined && range.until !== undefined && range.from >= range.until) {
    throw new CliError('usage', '--until must be after --from');
  }
  const directory = directoryOf(options, cli);
  try {
    const text = exportText(exportRows(directory, range), format);
    // Standard output is not this command's to end.
    await pipeline(Readable.from(text), cli.host.stdout, { end: false });
  } catch (error) {
    if (error instanceof LedgerError) throw new CliError('failed', error.message);
    throw error;
  }
}

/** The directory that a sidecar with the same configuration uses; needs no API key to tell it. */
function directoryOf(options: Places, { environment, readFile }: Cli): string {
  const path = options.config ?? variable(environment, 'TAMMA_CONFIG');
  const directory =
    options.directory ??
    variable(environment, 'TAMMA_DATA_DIR') ??
    (path === undefined ? undefined : configuredDirectory(path, readFile));
  if (directory === undefined || directory === '') {
    throw new CliError(
      'usage',
      'no ledger is named: give --directory, TAMMA_DATA_DIR or dataDir; see ledger --help',
    );
  }
  return directory;
}

function configuredDirectory(path: string, readFile: ReadFile): string | undefined {
  const written = readYaml(path, readFile, (problem) => {
    throw new CliError('usage', `${problem.path}: ${problem.message}`);
  });
  const isGroup = typeof written === 'object' && written !== null && 'dataDir' in written;
  return isGroup && typeof written.dataDir === 'string' ? written.dataDir : undefined;
}
