/**
 * Reads random answers, by a grammar of SSE and JSON, those of `corpus/answers/`, and what servers were reported to
 * send, answers and errors, with hostile values in them, in random pieces and as both APIs:
 * `npm run test:long -- fuzz-answers --seconds 120 --seed 1`. Fails, with the seed, if something other than events
 * that can be told, or a failure of the upstream, comes of one, or it takes more than a second of CPU time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect, parseArgs } from 'node:util';
import { ProviderError } from '../../src/core/errors.ts';
import type { Surface } from '../../src/core/model.ts';
import { toWireEvent } from '../../src/server/convert/event.ts';
import { toStatus } from '../../src/server/errors/status.ts';
import { serializeSendMessageResponse } from '../../src/server/output/encode-response.ts';
import { random } from '../support/random.ts';
import { Damage } from '../wire/damage.ts';
import { Chance } from '../wire/differential/chance.ts';
import type { AResponse } from '../wire/differential/framing.ts';
import { readPieces } from '../wire/differential/read.ts';
import { type SaidCase, saidCases, saidIn } from '../wire/said.ts';
import { AnswerGrammar } from './answer-grammar.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

const MAX_MS = 1_000;
const SURFACES: readonly Surface[] = ['chat_completions', 'responses'];

const folder = new URL('corpus/answers/', import.meta.url);
const corpus = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));
const known: readonly SaidCase['response'][] = [
  ...corpus.map((bytes) => ({ data: dataOf(bytes) })),
  ...[...saidCases('answers'), ...saidCases('errors')].map(({ response }) => response),
];
const others = known.flatMap(saidIn);

/** Events that are JSON. */
function dataOf(bytes: Buffer): object[] {
  return [...bytes.toString().matchAll(/^data: (\{.*\})$/gm)].map(([, json = '']) =>
    JSON.parse(json),
  );
}

function responseOf(seed: number): AResponse {
  const chance = new Chance(seed);
  const said = known[chance.nat(2 * known.length)];
  if (said === undefined) {
    const bytes = corpus[chance.nat(4 * corpus.length)];
    return { headers: {}, body: new AnswerGrammar(random(seed)).answer(bytes) };
  }
  const isWhole = said.json !== undefined || chance.nat(8) === 0;
  const { headers, body } = new Damage(chance, others).response(saidIn(said), isWhole);
  return {
    status: said.status ?? 200,
    headers: { ...headers, ...said.headers },
    body: chance.nat(8) === 0 ? asLines(body) : body,
  };
}

/** As servers stream that know nothing of events. */
function asLines(stream: Buffer): Buffer {
  return Buffer.from(stream.toString('latin1').replace(/^data: ?/gm, ''), 'latin1');
}

/** Whether an answer came of it. */
async function read(seed: number, surface: Surface): Promise<boolean> {
  const { events, error } = await readPieces(surface, responseOf(seed), new Chance(seed));
  events.forEach((event, place) => {
    serializeSendMessageResponse(toWireEvent(event, place + 1));
  });
  if (error === undefined) return true;
  if (!(error instanceof ProviderError) || error.reason === 'INTERNAL') throw error;
  toStatus(error, { callId: 'call', traceId: '', lastSequence: events.length });
  return false;
}

/** CPU time that it takes, in ms. */
async function readTimed(seed: number, surface: Surface): Promise<number> {
  const began = process.cpuUsage();
  if (await read(seed, surface)) answers += 1;
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

const end = performance.now() + Number(values.seconds) * 1_000;
let seed = Number(values.seed) * 10_000_000;
let answers = 0;
let count = 0;
let trouble: string | undefined;
for (; trouble === undefined && performance.now() < end; seed += 1) {
  // What waits for the end of a turn would be kept, and looking through gigabytes of it takes seconds.
  await nextTurn();
  for (const surface of SURFACES) {
    try {
      count += 1;
      const tookMs = await readTimed(seed, surface);
      // On a machine that has much else to do one may take that long, but not twice.
      if (tookMs <= MAX_MS || (await readTimed(seed, surface)) <= MAX_MS) continue;
      trouble ??= `seed ${seed}, ${surface}: took ${tookMs.toFixed(0)} ms`;
    } catch (error) {
      trouble ??= `seed ${seed}, ${surface}: ${inspect(error)}`;
    }
  }
}
process.stdout.write(`${count} bodies, ${answers} answers in them: ${trouble ?? 'all well'}\n`);
process.exitCode = trouble === undefined ? 0 : 1;
