/**
 * Starts the sidecar, asks it one question through an ordinary gRPC client, and shows the answer as
 * it arrives: `npm run demo -- [--prompt TEXT] [--serve]`
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { connect } from '../test/support/grpc-client.ts';
import { ask } from './ask.ts';
import { openEndpoint } from './endpoint.ts';
import { failure, grpcurlLine, introduction, logTail, serving, summary } from './report.ts';
import { duration, paint } from './screen.ts';
import { type Sidecar, StartError, startSidecar } from './sidecar.ts';

const { values: options } = parseArgs({
  options: {
    prompt: { type: 'string', default: 'Who are you, and how did your answer get here?' },
    serve: { type: 'boolean', default: false },
  },
});

/** How long to look for the call's line in the log, in ms. */
const LOG_WAIT_MS = 2000;

/** By convention 128 and the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interruption.abort());
}

/** Resolves with the exit code. */
async function demo(interrupted: AbortSignal): Promise<number> {
  await using endpoint = await openEndpoint(process.env);
  print(introduction(endpoint), '');
  const startedAt = performance.now();
  await using sidecar = await startSidecar(endpoint.environment);
  print(
    `The sidecar listens on ${sidecar.address}, after ${duration(performance.now() - startedAt)}.`,
  );
  const answered = await converse(sidecar, interrupted);
  if (interrupted.aborted) return EXIT_INTERRUPTED;
  if (!options.serve) return answered ? 0 : 1;
  print(
    '',
    paint('bold', 'Serving until Ctrl-C'),
    '',
    serving(sidecar.address, sidecar.adminAddress),
  );
  await Promise.race([once(interrupted, 'abort'), sidecar.ended]);
  if (interrupted.aborted) return 0;
  print('', paint('red', 'The sidecar has ended.'), logTail(sidecar.log));
  return 1;
}

/** Asks the question. Resolves with whether it was answered. */
async function converse(sidecar: Sidecar, interrupted: AbortSignal): Promise<boolean> {
  const client = connect(sidecar.address);
  print('', `${paint(['cyan', 'bold'], '>')} ${paint('bold', options.prompt)}`, '');
  try {
    const show = (text: string) => void process.stdout.write(text);
    const outcome = await ask(client, options.prompt, show, interrupted);
    print('', '');
    if (interrupted.aborted) return false;
    if (outcome.completed === undefined) {
      print(failure(outcome), '', logTail(sidecar.log));
      return false;
    }
    const line = await sidecar.log.find(
      (entry) => entry.trace_id === outcome.traceId,
      AbortSignal.any([interrupted, AbortSignal.timeout(LOG_WAIT_MS)]),
    );
    print(summary(outcome.completed, outcome, line !== undefined), '');
    const until = options.serve ? '' : ', while `npm run demo -- --serve` keeps serving';
    print(paint('bold', `The same with grpcurl${until}:`));
    print(grpcurlLine(sidecar.address, options.prompt));
    return true;
  } finally {
    client.close();
  }
}

function print(...lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

try {
  process.exitCode = await demo(interruption.signal);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  print(paint(['red', 'bold'], error.message), '', logTail(error.log));
  process.exitCode = 1;
}
