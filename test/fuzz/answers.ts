/**
 * Reads random answers, by a grammar of SSE and JSON, and those of `corpus/answers/`, each cut into random pieces, as
 * both APIs: `npm run test:long -- fuzz-answers --seconds 120 --seed 1`. Fails, with the seed, if something
 * other than a failure of the upstream comes of one, or it takes more than a second of CPU time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ProviderError } from '../../src/core/errors.ts';
import { ChatStream } from '../../src/openai/chat-stream.ts';
import { ResponsesStream } from '../../src/openai/responses-stream.ts';
import { SseParser } from '../../src/openai/sse-parser.ts';
import { aCall } from '../support/events.ts';
import { random } from '../support/random.ts';
import { AnswerGrammar } from './answer-grammar.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

const MAX_EVENT_BYTES = 1024 * 1024;
const MAX_MS = 1_000;
const TIMINGS = { queueMs: 0, backoffMs: 0, totalMs: 0 };

const folder = new URL('corpus/answers/', import.meta.url);
const corpus = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));

/** Whether an answer came of it. */
function read(seed: number, api: 'chat' | 'responses'): boolean {
  const chance = random(seed);
  const known = corpus[Math.floor(chance() * corpus.length * 4)];
  const bytes = new AnswerGrammar(chance).answer(known);
  const stream =
    api === 'chat' ? new ChatStream(aCall(), () => {}) : new ResponsesStream(aCall(), () => {});
  const parser = new SseParser(MAX_EVENT_BYTES, (name, data) => {
    if (data !== '' && data !== '[DONE]') stream.read(name, data);
  });
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + Math.floor(chance() * (chance() < 0.5 ? 8 : 4_096));
      parser.feed(bytes.subarray(at, end));
      at = end;
    }
    parser.end();
    if (stream.finished) stream.end(TIMINGS);
    return stream.finished;
  } catch (error) {
    // What is nested too deeply for the stack is told as unreadable by whoever reads the body.
    if (error instanceof ProviderError || error instanceof RangeError) {
      if (!(error instanceof ProviderError) || error.reason !== 'INTERNAL') return false;
    }
    throw error;
  }
}

const end = performance.now() + Number(values.seconds) * 1_000;
let seed = Number(values.seed) * 10_000_000;
let answers = 0;
let count = 0;
let trouble: string | undefined;
for (; trouble === undefined && performance.now() < end; seed += 1) {
  for (const api of ['chat', 'responses'] as const) {
    const began = process.cpuUsage();
    try {
      if (read(seed, api)) answers += 1;
    } catch (error) {
      trouble = `seed ${seed}, ${api}: ${error instanceof Error ? error.stack : String(error)}`;
    }
    count += 1;
    const { user, system } = process.cpuUsage(began);
    const tookMs = (user + system) / 1_000;
    if (tookMs > MAX_MS) trouble ??= `seed ${seed}, ${api}: took ${tookMs.toFixed(0)} ms`;
  }
}
process.stdout.write(`${count} bodies, ${answers} answers in them: ${trouble ?? 'all well'}\n`);
process.exitCode = trouble === undefined ? 0 : 1;
