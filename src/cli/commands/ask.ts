import { type Command, Option } from 'commander';
import type { Cli } from '../cli.ts';
import { addConnectionOptions, type ConnectionOptions } from '../connection/options.ts';
import { explain } from '../help.ts';
import { metadataOption } from '../options.ts';
import { gather, readNumber } from '../values.ts';

export interface AskOptions extends ConnectionOptions {
  readonly model?: string;
  readonly system?: string;
  readonly file: readonly string[];
  readonly maxTokens?: number;
  readonly effort?: string;
  readonly request?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly quiet?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .usage('[options] "what to ask" | -')
    .description(
      'Ask a model through a running sidecar. The answer streams to standard output; progress, warnings, tokens and cost go to standard error.',
    )
    .argument('[prompt...]', 'what to ask; - or nothing: standard input')
    .option('--model <id>', 'which model, or target/model; default: the configured one')
    .option('--system <text>', 'what the model is told before')
    .addOption(
      new Option('--file <path>', 'text, image or PDF to go with it; may be given again')
        .argParser(gather)
        .default([], 'none'),
    )
    .option('--max-tokens <number>', 'the longest answer', readNumber)
    .option('--effort <effort>', 'how much to think: low, medium, high, …')
    .addOption(metadataOption())
    .option('--request <path>', 'MessageRequest in JSON, to which all this is added')
    .option('--quiet', 'no progress, and no tokens and cost unless Ctrl-C cancels it')
    .action(async (prompt: readonly string[], options: AskOptions) => {
      const { ask } = await import('../ask/ask.ts');
      await ask(prompt, options, cli);
    });
  addConnectionOptions(command, {
    json: 'JSON Lines, SendMessageResponse: the events as they come',
  });
  explain(command, {
    examples: [
      ['ask "Say hello"', 'With the configured model'],
      ['ask --model gpt-5.4 --file src/main.ts "What does this do?"', 'About a file'],
      ['ask --quiet "A name for a cat" > name.txt', 'For a script'],
    ],
    exits: ['unreachable', 'refused', 'notFound', 'tryLater', 'interrupted'],
  });
}
