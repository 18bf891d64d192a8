import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { variable } from '../../config/environment.ts';
import { type ExportRange, exportRows } from '../../money/ledger/export-rows.ts';
import { exportText } from '../../money/ledger/export-text.ts';
import { LedgerError } from '../../money/store/ledger-error.ts';
import { type Cli, CliError } from '../cli.ts';
import { writtenConfig } from '../connection/listener.ts';

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
function directoryOf({ directory: named, config }: Places, cli: Cli): string {
  const directory =
    named ?? variable(cli.environment, 'TAMMA_DATA_DIR') ?? writtenConfig(config, cli)?.dataDir;
  if (typeof directory !== 'string' || directory === '') {
    throw new CliError(
      'usage',
      'no ledger is named: give --directory, TAMMA_DATA_DIR or dataDir; see ledger --help',
    );
  }
  return directory;
}
