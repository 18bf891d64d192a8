import { type ReadFile, readYaml } from '../../config/files.ts';
import { explainIssues, formatPath } from '../../config/problems.ts';
import { type Script, scriptSchema } from './schema.ts';

/** What is wrong with a script: every problem at once, each with its key. */
export class ScriptError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ScriptError';
    this.problems = problems;
  }
}

/** @throws ScriptError */
export function loadScript(path: string, readFile: ReadFile): Script {
  const unread: string[] = [];
  const report = (problem: { readonly message: string }) =>
    unread.push(`${path}: ${problem.message}`);
  const written = readYaml(path, readFile, report);
  if (unread.length > 0) throw new ScriptError(unread);
  return parseScript(written, path);
}

/**
 * @param source where it was written, for what is told of problems
 * @throws ScriptError
 */
export function parseScript(written: unknown, source: string): Script {
  const { data, error } = scriptSchema.safeParse(written);
  if (data !== undefined) return data;
  const problems = explainIssues(error.issues, scriptSchema);
  throw new ScriptError(
    problems.map(
      ({ path, message }) => `${[source, formatPath(path), message].filter(Boolean).join(': ')}`,
    ),
  );
}
