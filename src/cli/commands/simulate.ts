import { type Command, InvalidArgumentError } from 'commander';
import { isHostAndPort } from '../../config/addresses.ts';
import { type Cli, CliError } from '../cli.ts';
import { explain } from '../help.ts';
import { jsonOption } from '../options.ts';
import type { SimulateOptions } from '../simulate/simulate.ts';

const DEFAULT_LISTEN = '127.0.0.1:4010';
const OPENAI_URL = 'https://api.openai.com/v1';

export function register(command: Command, cli: Cli): void {
  command
    .description(
      'Answer in the place of OpenAI, for the tests of services that call the sidecar: what a script says, or what was recorded. The same requests get the same bytes. It prints `listening on URL`, tells on standard error what answered each request, and ends on SIGTERM or SIGINT.',
    )
    .argument('[script]', 'what it answers (YAML); default: a greeting to every request')
    .option('--listen <address>', 'host:port; port 0 is any free one', readAddress, DEFAULT_LISTEN)
    .option('--check', 'only say what is wrong with the script or the recording')
    .option(
      '--record <file>',
      'pass requests on to an upstream, and write them and its answers to a new file, without secrets',
    )
    .option(
      '--upstream <url>',
      `with --record; default: OPENAI_BASE_URL, else ${OPENAI_URL}`,
      readUrl,
    )
    .option('--replay <file>', 'answer what was recorded')
    .option('--speed <factor>', 'of a replay: so many times as fast, or max', readSpeed, 1)
    .addOption(jsonOption('JSON Lines: where it listens, then what answered each request'))
    .action(async (script: string | undefined, options: SimulateOptions) => {
      const { simulate } = await import('../simulate/simulate.ts');
      const { record } = options;
      if (record === undefined && options.upstream !== undefined) {
        throw new CliError('usage', '--upstream needs --record');
      }
      const usual = (record !== undefined && cli.environment.OPENAI_BASE_URL) || OPENAI_URL;
      const upstream = options.upstream ?? readUrl(usual);
      await simulate({ ...options, upstream, ...(script !== undefined && { script }) }, cli);
    });
  explain(command, {
    examples: [
      [
        'simulate answers.yaml',
        'Then run the sidecar with OPENAI_API_KEY=none OPENAI_BASE_URL=http://127.0.0.1:4010/v1',
      ],
      ['simulate --record session.jsonl', 'Keep what OpenAI answers to your tests'],
      [
        'simulate --replay session.jsonl --speed max',
        'The same without OpenAI, and without pauses',
      ],
    ],
  });
}

function readAddress(text: string): string {
  if (!isHostAndPort(text)) throw new InvalidArgumentError('It must be host:port.');
  return text;
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new InvalidArgumentError('It must be an http or https URL without a query.');
  }
  return url;
}

function readSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const factor = Number(text);
  if (!(factor > 0)) throw new InvalidArgumentError('It must be a number above 0, or max.');
  return factor;
}
