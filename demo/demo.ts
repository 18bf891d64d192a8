/**
 * Starts the sidecar, asks it one question through an ordinary gRPC client, and shows the answer as
 * it arrives: `npm run demo -- [--prompt TEXT] [--serve]`
 */
import { once } from 'node:events';
import { harmless } from '../src/cli/harmless.ts';
import { connect } from '../test/support/grpc-client.ts';
import { ask, requestFor } from './ask.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { untilInterrupted } from './interruption.ts';
import { type DemoOptions, readOptions } from './options.ts';
import { failure, grpcurlLine, introduction, logTail, serving, summary } from './report.ts';
import { duration, paint } from './screen.ts';
import { type Sidecar, StartError, startSidecar } from './sidecar.ts';

/** How long to look for the call's line in the log, in ms. */
const LOG_WAIT_MS = 2000;

const EXIT_USAGE = 2;
/** By convention 128 and the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

/** Resolves with the exit code. */
async function demo(options: DemoOptions, interrupted: AbortSignal): Promise<number> {
  await using endpoint = await openEndpoint(process.env, () => {
    process.stdout.write(paint(['red', 'bold'], ' ✂'));
  });
  print(introduction(endpoint), '');
  const startedAt = performance.now();
  await using sidecar = await startSidecar(endpoint.environment);
  const startMs = performance.now() - startedAt;
  print(`The sidecar listens on ${sidecar.address}, after ${duration(startMs)}.`, '');
  if (interrupted.aborted) return EXIT_INTERRUPTED;
  const answered = await converse(sidecar, endpoint, options, interrupted);
  if (interrupted.aborted) return EXIT_INTERRUPTED;
  if (!options.serve) return answered ? 0 : 1;
  // Awaited here: what is returned unawaited would find the sidecar stopped.
  return await keepServing(sidecar, interrupted);
}

/** Asks the question. Resolves with whether it was answered, and by the whole answer if that is known. */
async function converse(
  sidecar: Sidecar,
  { answer }: Endpoint,
  { prompt, serve }: DemoOptions,
  interrupted: AbortSignal,
): Promise<boolean> {
  const client = connect(sidecar.address);
  print(`${paint(['cyan', 'bold'], '>')} ${paint('bold', prompt)}`, '');
  try {
    const { stdout } = process;
    const show = (text: string) => void stdout.write(harmless(text, stdout));
    const request = requestFor(prompt, answer !== undefined);
    const outcome = await ask(client, request, show, interrupted);
    if (outcome.firstTextMs !== undefined) print('', '');
    if (interrupted.aborted) return false;
    if (outcome.completed === undefined) {
      print(failure(outcome), '', logTail(sidecar.log));
      return false;
    }
    const line = await sidecar.log.find(
      (entry) => entry.trace_id === outcome.traceId,
      AbortSignal.any([interrupted, AbortSignal.timeout(LOG_WAIT_MS)]),
    );
    print(summary(outcome.completed, outcome, answer, line !== undefined), '');
    const until = serve ? '' : ', while `npm run demo -- --serve` keeps serving';
    print(paint('bold', `The same with grpcurl${until}:`), grpcurlLine(sidecar.address, request));
    return outcome.text === (answer ?? outcome.text);
  } finally {
    client.close();
  }
}

/** Resolves with the exit code when it is told to stop, or when the sidecar stops by itself. */
async function keepServing(sidecar: Sidecar, interrupted: AbortSignal): Promise<number> {
  const { address, adminAddress, log, ended } = sidecar;
  print('', paint('bold', 'Serving until Ctrl-C'), '', serving(address, adminAddress));
  if (!interrupted.aborted) await Promise.race([once(interrupted, 'abort'), ended]);
  if (interrupted.aborted) return 0;
  print('', paint('red', 'The sidecar has ended.'), '', logTail(log));
  return 1;
}

async function main(): Promise<number> {
  let options: DemoOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    print(`${error instanceof Error ? error.message : error}`);
    return EXIT_USAGE;
  }
  const interrupted = untilInterrupted();
  try {
    return await demo(options, interrupted);
  } catch (error) {
    if (interrupted.aborted) return EXIT_INTERRUPTED;
    if (!(error instanceof StartError)) throw error;
    print(paint(['red', 'bold'], error.message), '', logTail(error.log));
    return 1;
  }
}

function print(...lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

// A reader that leaves early (`| head`) ends it in silence.
process.stdout.on('error', () => process.exit());
process.exitCode = await main();
