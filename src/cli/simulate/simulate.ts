import { closeSync, openSync, writeSync } from 'node:fs';
import { codeOf } from '../../config/system-code.ts';
import { isText } from '../../config/values.ts';
import type { Endpoint } from '../../simulator/endpoint.ts';
import type { Place, Tell } from '../../simulator/simulator.ts';
import { type Cli, CliError } from '../cli.ts';
import { say } from '../harmless.ts';

export interface SimulateOptions {
  readonly script?: string;
  readonly listen: string;
  readonly check?: boolean;
  readonly record?: string;
  readonly upstream: URL;
  readonly replay?: string;
  readonly speed: number;
  readonly json?: boolean;
}

/** Starts what was prepared, which found nothing wrong. */
type Start = (place: Place, tell: Tell) => Promise<Endpoint>;

/** Prompts and answers are in it. */
const RECORDING_MODE = 0o600;

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** Answers until it is told to stop. */
export async function simulate(options: SimulateOptions, cli: Cli): Promise<void> {
  const stopped = stopSignal(cli);
  using resources = new DisposableStack();
  const start = await prepare(options, cli, resources);
  if (options.check) return;
  const { stdout, stderr } = cli.host;
  const tell: Tell = ({ method, path, body }, answeredBy) => {
    // A body is any JSON: null, or a model that is an object.
    const model = isText(body?.model) ? body.model : undefined;
    const told = { method, path, model, answeredBy };
    if (options.json) stdout.write(`${JSON.stringify(told)}\n`);
    else {
      const asked = [method, path, model].filter(Boolean).join(' ');
      say(stderr, `${asked}: ${answeredBy}`);
    }
  };
  const endpoint = await started(start, placeOf(options.listen), tell);
  const { url } = endpoint;
  stdout.write(options.json ? `${JSON.stringify({ listening: url })}\n` : `listening on ${url}\n`);
  await stopped;
  await endpoint.close();
}

/** @throws CliError if script or recording is wrong, or the command line contradicts itself */
async function prepare(
  options: SimulateOptions,
  cli: Cli,
  resources: DisposableStack,
): Promise<Start> {
  const { script, record, replay, speed } = options;
  const given = Object.entries({ script, '--record': record, '--replay': replay });
  const [first, second] = given.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (second !== undefined)
    throw new CliError('usage', `${first} and ${second} exclude each other`);
  if (replay === undefined && speed !== 1) throw new CliError('usage', '--speed needs --replay');
  if (replay !== undefined) return prepareReplay(replay, speed, cli);
  if (record !== undefined && !options.check) {
    return prepareRecorder(record, options.upstream, resources);
  }
  return prepareScript(script, cli);
}

async function prepareScript(path: string | undefined, { readFile, host }: Cli): Promise<Start> {
  const { loadScript, parseScript, ScriptError } = await import('../../simulator/script/load.ts');
  const { startSimulator } = await import('../../simulator/simulator.ts');
  try {
    const script = path === undefined ? parseScript({}, '') : loadScript(path, readFile);
    return (place, tell) => startSimulator(script, place, tell);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    for (const problem of error.problems) say(host.stderr, `simulate: ${problem}`);
    throw new CliError('usage');
  }
}

async function prepareReplay(path: string, speed: number, { readFile }: Cli): Promise<Start> {
  const { readRecording, RecordingError } = await import('../../simulator/recording/entry.ts');
  const { startReplay } = await import('../../simulator/recording/replay.ts');
  try {
    const recording = readRecording(readFile(path));
    return (place, tell) => startReplay(recording, { speed }, place, tell);
  } catch (error) {
    if (error instanceof RecordingError) throw new CliError('usage', `${path}: ${error.message}`);
    throw new CliError(
      'usage',
      `${path}: the file cannot be read (${codeOf(error) ?? 'unknown error'})`,
    );
  }
}

async function prepareRecorder(
  path: string,
  upstream: URL,
  resources: DisposableStack,
): Promise<Start> {
  const { startRecorder } = await import('../../simulator/recording/record.ts');
  const file = create(path);
  resources.defer(() => closeSync(file));
  const write = (line: string) => void writeSync(file, line);
  return (place, tell) => startRecorder({ upstream, write }, place, tell);
}

/** A file that is there is never written over: it may be the only copy of what cannot be asked again. */
function create(path: string): number {
  try {
    return openSync(path, 'wx', RECORDING_MODE);
  } catch (error) {
    throw new CliError(
      'usage',
      `${path}: the file cannot be made (${codeOf(error) ?? 'unknown error'})`,
    );
  }
}

async function started(start: Start, place: Place, tell: Tell): Promise<Endpoint> {
  try {
    return await start(place, tell);
  } catch (error) {
    throw new CliError('failed', `it cannot listen (${codeOf(error) ?? 'unknown error'})`);
  }
}

function placeOf(listen: string): Place {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(listen.slice(colon + 1)) };
}

function stopSignal({ host }: Cli): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of STOP_SIGNALS) host.on(signal, () => resolve());
  return promise;
}
