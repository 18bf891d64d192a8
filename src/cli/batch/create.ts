import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseDollars } from '../../config/money.ts';
import {
  Batch,
  BatchExecution,
  BatchItem,
  BatchState,
  type CreateBatchRequest,
} from '../../gen/tamma/provider/v1/batch_provider.ts';
import { toMoney } from '../../server/convert/money.ts';
import { type Cli, CliError } from '../cli.ts';
import type { CreateOptions } from '../commands/batch.ts';
import { textIn, unreadable } from '../input.ts';
import { Printer } from '../print/printer.ts';
import { messageFromJson, messageJson } from '../print/proto-json.ts';
import { named, several } from '../print/words.ts';
import { withBatches } from './with-batches.ts';

/** Takes the batch of a file. */
export async function createBatch(file: string, options: CreateOptions, cli: Cli): Promise<void> {
  const first = optionsPiece(options);
  const { batch } = await withBatches(options, cli, (sidecar, rpc) =>
    sidecar.createBatch(pieces(first, file, cli), rpc),
  );
  if (batch === undefined) throw new CliError('failed', 'the sidecar told no batch');
  const printer = new Printer(cli);
  if (options.json) await printer.document(messageJson('Batch', Batch, batch));
  else if (batch.id !== '') {
    cli.host.stderr.write(
      `${several(Number(batch.counts?.total ?? 0n), 'item')}, ${named(BatchState, batch.state)}\n`,
    );
    await printer.text(`${batch.id}\n`);
  } else await printer.text(batch.problems.map((problem) => `${problem}\n`).join(''));
  if (batch.id === '' && batch.problems.length > 0)
    throw new CliError('usage', several(batch.problems.length, 'problem'));
}

type Piece = { readonly piece: CreateBatchRequest['piece'] };

function optionsPiece(options: CreateOptions): Piece {
  const { name = '', idempotencyKey = '', execution, window, maxCost, metadata } = options;
  const dollars = maxCost === undefined ? undefined : parseDollars(maxCost);
  if (maxCost !== undefined && dollars === undefined) {
    throw new CliError('usage', '--max-cost must be dollars, such as 2.50');
  }
  return {
    piece: {
      $case: 'options',
      value: {
        displayName: name,
        idempotencyKey,
        execution:
          execution === undefined
            ? BatchExecution.UNSPECIFIED
            : BatchExecution[execution === 'local' ? 'LOCAL' : 'UPSTREAM'],
        completionWindow:
          window === undefined
            ? undefined
            : { seconds: BigInt(Math.floor(window / 1_000)), nanos: (window % 1_000) * 1e6 },
        maxCost: dollars === undefined ? undefined : toMoney(dollars),
        validateOnly: options.validateOnly === true,
        metadata: { ...metadata },
      },
    },
  };
}

/** The options, and then the items as they are read. */
async function* pieces(first: Piece, file: string, { host }: Cli): AsyncGenerator<Piece> {
  yield first;
  const input = file === '-' ? host.stdin : createReadStream(file);
  let number = 0;
  try {
    // By bytes: of characters, readline takes more for the end of a line than JSON does.
    input.setEncoding('latin1');
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      const json = textIn(Buffer.from(line, 'latin1'), `${file}, line ${number}`);
      if (json.trim() !== '') yield { piece: { $case: 'item', value: itemIn(json) } };
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(
      'usage',
      number === 0 ? unreadable(file, error) : `${file}, line ${number}: ${message}`,
    );
  }
}

function itemIn(line: string): BatchItem {
  return messageFromJson('BatchItem', BatchItem, JSON.parse(line));
}
