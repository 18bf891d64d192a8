import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BATCH_DIRECTORY } from './batch/create.ts';
import { ItemFiles } from './batch/item-files.ts';
import type { Environment } from './config/environment.ts';
import type { ReadFile } from './config/files.ts';
import { loadConfig } from './config/load.ts';
import { ConfigError } from './config/problems.ts';
import type { Config } from './config/schema.ts';
import { type Forgotten, LedgerEraser } from './money/ledger/eraser.ts';
import { messageOf } from './money/store/ledger-error.ts';
import { budgetDefinitions } from './provider-options.ts';
import { forgetInStore } from './shared-store/forget.ts';

export interface ForgetCommand {
  /** Behind the name of the subcommand. */
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly readFile: ReadFile;
}

interface Outputs {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const USAGE = `Usage: tamma-provider-openai forget (--user ID | --project ID) [--config PATH]

Erases a user or project from the data directory and the shared store of the configuration. What was spent
stays, as spent by nobody; batches with a request of it are deleted as a whole. The sidecars that use the
directory or the store must be stopped.

  --user ID      as calls name it in user_id of their metadata
  --project ID   as calls name it in project_id of their metadata
  --config PATH  configuration file (YAML); default: the one TAMMA_CONFIG names, else none
  --help         print this, and exit
`;

/** What is wrong with the command, in one sentence. */
class UsageError extends Error {}

/** Erases. Resolves with the exit code: 0, 1 if something could not be erased, 2 if asked wrongly. */
export async function forget(command: ForgetCommand, outputs: Outputs): Promise<number> {
  try {
    const options = readOptions(command.argv);
    if (options.help) {
      outputs.stdout.write(USAGE);
      return 0;
    }
    const forgotten = readForgotten(options);
    const config = readConfig(options.config, command);
    for (const line of await eraseFrom(config, forgotten)) outputs.stdout.write(`${line}\n`);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? '; see forget --help' : '';
    outputs.stderr.write(`forget: ${messageOf(error)}${hint}\n`);
    return isUsage ? 2 : 1;
  }
}

/** @throws Error if something stays; what could be erased before is. */
async function eraseFrom(config: Config, forgotten: Forgotten): Promise<readonly string[]> {
  const { dataDir, redis, redisUrl } = config;
  const told: string[] = [];
  if (dataDir !== undefined) told.push(await eraseFromDirectory(dataDir, forgotten));
  if (redisUrl !== undefined) {
    const scopes = new Map(budgetDefinitions(config).map(({ name, scope }) => [name, scope]));
    const store = {
      url: redisUrl,
      keyPrefix: redis.keyPrefix,
      scopeOf: (budget: string) => scopes.get(budget),
    };
    const gone = await forgetInStore(store, forgotten);
    told.push(`shared store: ${gone} keys and fields`);
  }
  return told.length > 0
    ? told
    : ['nothing is kept: there is neither a dataDir nor a shared store'];
}

async function eraseFromDirectory(directory: string, forgotten: Forgotten): Promise<string> {
  const eraser = new LedgerEraser(directory);
  try {
    const batches = eraser.batches(forgotten);
    const files = new ItemFiles(join(directory, BATCH_DIRECTORY));
    for (const id of batches) await files.delete(id);
    eraser.deleteBatches(batches);
    const { records, days } = eraser.erase(forgotten);
    return `${directory}: ${records} records, ${days} sums of days, ${batches.length} batches`;
  } finally {
    eraser.close();
  }
}

function readOptions(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        user: { type: 'string' },
        project: { type: 'string' },
        config: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function readForgotten({ user, project }: { readonly user?: string; readonly project?: string }) {
  // Calls without a user or project are nobody's, and cannot be told apart.
  if (user && project === undefined) return { kind: 'user', id: user } as const;
  if (project && user === undefined) return { kind: 'project', id: project } as const;
  throw new UsageError('give either --user or --project, with an id');
}

function readConfig(
  configPath: string | undefined,
  { environment, readFile }: ForgetCommand,
): Config {
  try {
    return loadConfig({
      environment,
      readFile,
      ...(configPath === undefined ? {} : { configPath }),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [problem] = error.problems;
    throw new UsageError(`configuration: ${problem?.path}: ${problem?.message}`);
  }
}
