import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly prompt: string;
  /** Keep serving after the answer. */
  readonly serve: boolean;
}

const DEFAULT_PROMPT = 'Who are you, and how did your answer get here?';

/** @throws TypeError whose message says what is wrong with the command line. */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      prompt: { type: 'string', default: DEFAULT_PROMPT },
      serve: { type: 'boolean', default: false },
    },
  });
  return values;
}
