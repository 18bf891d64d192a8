import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentCall } from './agent.ts';

/** A repository on disk, in which what the model asks for is really done. */
export interface Repository {
  readonly directory: string;
  /** Runs an `apply_patch` or `shell` call; the result is what the contract wants for it. */
  run(call: AgentCall): Promise<string>;
  read(path: string): Promise<string>;
  remove(): Promise<void>;
}

export async function createRepository(
  files: Readonly<Record<string, string>>,
): Promise<Repository> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-'));
  for (const [path, text] of Object.entries(files)) await writeFile(join(directory, path), text);
  return {
    directory,
    run: ({ kind, arguments: args }) =>
      kind === 'TOOL_KIND_SHELL' ? runShell(directory, args) : applyPatch(directory, args),
    read: (path) => readFile(join(directory, path), 'utf8'),
    remove: () => rm(directory, { recursive: true }),
  };
}

interface Operation {
  readonly type: 'create_file' | 'update_file' | 'delete_file';
  readonly path: string;
  readonly diff?: string;
}

async function applyPatch(directory: string, args: string): Promise<string> {
  const { type, path, diff = '' } = JSON.parse(args) as Operation;
  const file = join(directory, path);
  try {
    if (type === 'delete_file') await rm(file);
    else if (type === 'create_file') await writeFile(file, created(diff));
    else await writeFile(file, patched(await readFile(file, 'utf8'), diff));
    return JSON.stringify({ status: 'completed', output: `${type} ${path}` });
  } catch (error) {
    return JSON.stringify({ status: 'failed', output: String(error) });
  }
}

function created(diff: string): string {
  return diff.replaceAll(/^\+/gm, '');
}

/** Hunks in the form of the models: `@@` before each, lines with ` `, `-` and `+`, no numbers. */
function patched(text: string, diff: string): string {
  let result = text;
  for (const hunk of diff.split(/^@@.*\n/m).filter((lines) => lines !== '')) {
    const lines = hunk.replace(/\n$/, '').split('\n');
    const side = (drop: string) =>
      lines.filter((line) => !line.startsWith(drop)).map((line) => `${line.slice(1)}\n`);
    const before = side('+').join('');
    if (!result.includes(before)) throw new Error(`context not found:\n${before}`);
    result = result.replace(before, () => side('-').join(''));
  }
  return result;
}

interface Action {
  readonly commands: readonly string[];
  readonly max_output_length?: number | null;
}

async function runShell(directory: string, args: string): Promise<string> {
  const { commands, max_output_length } = JSON.parse(args) as Action;
  const output: object[] = [];
  for (const command of commands) output.push(await runCommand(directory, command));
  return JSON.stringify({ output, max_output_length });
}

function runCommand(directory: string, command: string): Promise<object> {
  // The variables of jest would make the runner of Node believe that it runs inside another.
  const env = { PATH: process.env.PATH, HOME: directory };
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { cwd: directory, env }, (error, stdout, stderr) => {
      const exit_code = typeof error?.code === 'number' ? error.code : Number(error !== null);
      resolve({ stdout, stderr, outcome: { type: 'exit', exit_code } });
    });
  });
}
