import { SendMessageResponse } from '../../gen/tamma/provider/v1/provider.ts';
import { type Cli, CliError } from '../cli.ts';
import type { AskOptions } from '../commands/ask.ts';
import { withSidecar } from '../connection/sidecar.ts';
import { say } from '../harmless.ts';
import { Printer } from '../print/printer.ts';
import { type Bill, billed, billJson, billText, interruptible } from './interrupt.ts';
import { Progress } from './progress.ts';
import { requestOf } from './request.ts';
import { summary } from './summary.ts';

/** Asks, and prints the answer as it comes. @throws CliError 'interrupted' after Ctrl-C, with what was billed */
export async function ask(words: readonly string[], options: AskOptions, cli: Cli): Promise<void> {
  const request = await requestOf(words, options, cli);
  const print = options.json ? await jsonLines(cli) : text(options, cli);
  const { signal, metadata, traceId } = interruptible(cli);
  await withSidecar(options, cli, async (sidecar, rpc) => {
    print.begin();
    try {
      for await (const response of sidecar.sendMessage({ request }, { ...rpc, signal, metadata }))
        await print.event(response);
    } catch (error) {
      if (!signal.aborted) throw error;
      await print.end();
      throw new CliError('interrupted', print.billed(await billed(traceId, options, cli)));
    } finally {
      await print.end();
    }
  });
}

interface Print {
  begin(): void;
  event(response: SendMessageResponse): Promise<void>;
  /** Also where the call failed. */
  end(): Promise<void>;
  /** What was billed for a call that was cancelled, as it is still to be said. */
  billed(bill: Bill): string;
}

async function jsonLines(cli: Cli): Promise<Print> {
  const { messageJson } = await import('../print/proto-json.ts');
  const printer = new Printer(cli);
  return {
    begin: () => {},
    event: (response) =>
      printer.line(messageJson('SendMessageResponse', SendMessageResponse, response)),
    end: async () => {},
    billed: (bill) => {
      say(cli.host.stderr, JSON.stringify(billJson(bill)));
      return '';
    },
  };
}

function text({ quiet = false }: AskOptions, cli: Cli): Print {
  const { stderr } = cli.host;
  const printer = new Printer(cli);
  // A dumb terminal takes no line away.
  const progress = new Progress(stderr, !quiet && cli.environment.TERM !== 'dumb');
  let last = '\n';

  async function write(more: string): Promise<void> {
    progress.clear();
    last = more || last;
    await printer.text(more);
  }

  function tell(line: string): void {
    progress.clear();
    if (!quiet) say(stderr, line);
  }

  return {
    begin: () => progress.wait('waiting'),
    async event({ event }) {
      switch (event?.$case) {
        case 'started':
          for (const warning of event.value.warnings) tell(`! ${warning}`);
          return progress.wait(`${event.value.model} answers`);
        case 'reasoningDelta':
          return progress.wait('thinking');
        case 'hostedTool':
          return progress.wait(`${event.value.type}: ${event.value.status}`);
        case 'textDelta':
        case 'refusalDelta':
          return write(event.value.text);
        case 'completed':
          for (const { name, arguments: given } of event.value.toolCalls)
            await write(`${name}(${given})\n`);
          await endLine();
          return tell(summary(event.value));
      }
    },
    async end() {
      progress.clear();
      await endLine();
    },
    billed: billText,
  };

  /** An answer that was printed ends with a line break. */
  async function endLine(): Promise<void> {
    if (!last.endsWith('\n')) await write('\n');
  }
}
