import { StreamBatchResultsResponse } from '../../gen/tamma/provider/v1/batch_provider.ts';
import type { Cli } from '../cli.ts';
import type { ResultsOptions } from '../commands/batch.ts';
import { withSidecar } from '../connection/sidecar.ts';
import { Printer } from '../print/printer.ts';
import { messageJson } from '../print/proto-json.ts';
import { metadataOf } from './metadata.ts';

/** Writes the results, each in a line. */
export function writeResults(id: string, options: ResultsOptions, cli: Cli): Promise<void> {
  const printer = new Printer(cli);
  const { after, wait = false } = options;
  const request = { batchId: id, afterSequence: BigInt(after), wait };
  return withSidecar(options, cli, async (sidecar, rpc) => {
    const metadata = metadataOf(options);
    for await (const result of sidecar.streamBatchResults(request, { ...rpc, metadata })) {
      await printer.line(
        messageJson('StreamBatchResultsResponse', StreamBatchResultsResponse, result),
      );
    }
  });
}
