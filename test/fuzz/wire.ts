/**
 * Says random things to a sidecar with a heap of 256 MiB, by a grammar of HTTP/2 and protobuf, and what once did
 * harm (`corpus/wire/`), as it was and damaged, and asks it
 * after each hundred connections whether it still answers: `npm run test:long -- fuzz-wire --seconds 120
 * --seed 1`. Fails, with the seed of what it said last, if it does not answer within 10 s, or has ended.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { parseArgs } from 'node:util';
import { IAIProviderService } from '../../src/gen/tamma/provider/v1/provider.ts';
import { IAIUsageProviderService } from '../../src/gen/tamma/provider/v1/usage_provider.ts';
import { startSidecar } from '../attacks/sidecar.ts';
import { codeName, connect } from '../support/grpc-client.ts';
import { random } from '../support/random.ts';
import { WireGrammar } from './wire-grammar.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
});

const BATCH = 100;
const ANSWER_MS = 10_000;
/** What a caller waits for answers before it hangs up, in ms. */
const LISTEN_MS = 50;

const PATHS = [
  ...Object.values(IAIProviderService).map(({ path }) => path),
  ...Object.values(IAIUsageProviderService).map(({ path }) => path),
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
];

const sidecar = await startSidecar({ nodeOptions: ['--max-old-space-size=256'], stderr: 'pipe' });
/** That came so far that they were logged. */
let calls = 0;
sidecar.child.stderr?.on('data', (text) => {
  calls += String(text).split('"method":').length - 1;
});
const [host = '', port = ''] = sidecar.address.split(':');

const folder = new URL('corpus/wire/', import.meta.url);
/** Lines of hex behind such that say what it is. */
const corpus = readdirSync(folder).map((name) => {
  const lines = readFileSync(new URL(name, folder), 'utf8').split('\n');
  return Buffer.from(lines.filter((line) => !line.startsWith('#')).join(''), 'hex');
});

/** One connection in four is one of these. */
function bytesOf(seed: number): Buffer {
  const chance = random(seed);
  const known = corpus[Math.floor(chance() * corpus.length * 4)];
  return new WireGrammar(chance, PATHS).connection(known);
}

async function say(bytes: Buffer): Promise<void> {
  const socket = connectSocket(Number(port), host);
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes);
  const timer = setTimeout(() => socket.destroy(), LISTEN_MS);
  await new Promise((resolve) => socket.once('close', resolve));
  clearTimeout(timer);
}

async function answers(): Promise<string> {
  const client = connect(sidecar.address, { 'grpc.use_local_subchannel_pool': 1 });
  try {
    const deadline = Date.now() + ANSWER_MS;
    return await client.provider.unary('GetStatus', {}, { deadline }).then(() => 'OK', codeName);
  } finally {
    client.close();
  }
}

const first = Number(values.seed) * 1_000_000;
const end = performance.now() + Number(values.seconds) * 1_000;
let said = 0;
await Promise.all(corpus.map(say));
let trouble: string | undefined;
while (trouble === undefined && performance.now() < end) {
  const seeds = Array.from({ length: BATCH }, (_, index) => first + said + index);
  await Promise.all(seeds.map((seed) => say(bytesOf(seed))));
  said += BATCH;
  const answer = await answers();
  if (!sidecar.alive) trouble = 'the sidecar has ended';
  else if (answer !== 'OK') trouble = `the sidecar answers ${answer}`;
}
sidecar.child.kill('SIGTERM');
const code = await sidecar.gone;
if (trouble === undefined && code !== 0) trouble = `the sidecar ended with ${code}`;
const range = `seeds ${first} to ${first + said - 1}`;
process.stdout.write(`${said} connections (${range}), ${calls} calls: ${trouble ?? 'all well'}\n`);
process.exitCode = trouble === undefined ? 0 : 1;
