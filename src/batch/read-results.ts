import type { Call } from '../core/call.ts';
import type { Charge } from '../core/call-record.ts';
import { ProviderError } from '../core/errors.ts';
import type { MessageResponse } from '../core/events.ts';
import type { BatchLineResult } from '../core/upstream-batches.ts';
import { estimatedUsage, estimateTokens, USUAL_OUTPUT, type Usage } from '../core/usage.ts';
import type { BatchPart, NewResult, OpenItem } from '../money/batches/batch.ts';
import { attemptCost } from '../money/pricing/cost.ts';
import type { RunDeps } from './run-deps.ts';
import { restoreCall } from './stored-call.ts';
import { storeResult } from './stored-result.ts';

/** Lines that are read before they are kept, and their characters: one line may have millions. */
const CHUNK = { lines: 100, characters: 4 * 1024 * 1024 };

/** As the ledger names it; batches are sold by no tier. */
const SERVICE_TIER = 'batch';

const UNREAD = 'an answer of a batch could not be read';

type ResultDeps = Pick<RunDeps, 'means' | 'clock' | 'log'>;

type ResultsDeps = ResultDeps & Pick<RunDeps, 'books'>;

export interface ResultsOf {
  readonly batch: string;
  readonly part: BatchPart;
  readonly signal: AbortSignal;
}

/** A piece of a file of results. */
interface ResultsPiece {
  /** Of items that had none yet. */
  readonly results: readonly NewResult[];
  /** Lines that could be read, of all items. */
  readonly lines: number;
}

/**
 * What a file of results says of items that have none yet, some at a time, in the file's order. Returns how
 * many of its lines cannot be read.
 */
export async function* readResults(
  lines: AsyncIterable<BatchLineResult | undefined>,
  of: ResultsOf,
  deps: ResultsDeps,
): AsyncGenerator<ResultsPiece, number> {
  let chunk = new Map<string, BatchLineResult>();
  let unreadable = 0;
  let characters = 0;
  for await (const line of lines) {
    if (line === undefined) {
      unreadable += 1;
      continue;
    }
    // The first line of an item is the one that counts, here as between chunks.
    if (chunk.has(line.customId)) continue;
    chunk.set(line.customId, line);
    characters += line.size;
    if (chunk.size < CHUNK.lines && characters < CHUNK.characters) continue;
    yield await toPiece(chunk, of, deps);
    chunk = new Map();
    characters = 0;
  }
  if (chunk.size > 0) yield await toPiece(chunk, of, deps);
  return unreadable;
}

/** What was read before, or belongs to nobody, is left out. */
async function toPiece(
  lines: ReadonlyMap<string, BatchLineResult>,
  of: ResultsOf,
  deps: ResultsDeps,
): Promise<ResultsPiece> {
  const items = await deps.books.findItems(of.batch, [...lines.keys()]);
  const results: NewResult[] = [];
  for (const item of items) {
    const line = lines.get(item.customId);
    if (line !== undefined) results.push(await toResult(line, item, of, deps));
  }
  return { results, lines: lines.size };
}

async function toResult(
  line: BatchLineResult,
  item: OpenItem,
  of: ResultsOf,
  deps: ResultDeps,
): Promise<NewResult> {
  const { customId } = item;
  const call = callOf(item, of, deps);
  let told: Usage | undefined;
  let tier = '';
  const onFailedUsage: Call['onFailedUsage'] = (usage, serviceTier) => {
    told = usage;
    tier = serviceTier;
  };
  let response: MessageResponse;
  try {
    response = await line.answer({ ...call, onFailedUsage });
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    // One answer that this program cannot read is no reason to have none of the others.
    if (error.reason === 'INTERNAL') {
      deps.log.error({ batch: of.batch, item: customId, err: thrown }, UNREAD);
    }
    const result = { customId, result: storeResult({ error }), succeeded: false };
    if (told === undefined) return result;
    const used = { usage: whole(told, item), serviceTier: tier, outcome: error.reason };
    return { ...result, ...charged(used, call, item, of, deps) };
  }
  const usage = whole(response.usage, item, response);
  const { serviceTier } = response;
  const charge = charged({ usage, serviceTier, outcome: 'completed' }, call, item, of, deps);
  const { cost } = charge;
  const answer = { ...response, usage, ...(cost && { cost }) };
  return { customId, result: storeResult({ response: answer }), succeeded: true, ...charge };
}

/** Of an item that was answered, and whose answer is not to be had: it costs a usual one. */
export function lostResult(
  item: OpenItem,
  error: ProviderError,
  of: ResultsOf,
  deps: ResultDeps,
): NewResult {
  const { customId, inputTokens } = item;
  const call = callOf(item, of, deps);
  const { maxTokens = USUAL_OUTPUT } = call.request;
  const usage = estimatedUsage(inputTokens, Math.min(USUAL_OUTPUT, maxTokens));
  const used = { usage, serviceTier: '', outcome: error.reason };
  const result = { customId, result: storeResult({ error }), succeeded: false };
  return { ...result, ...charged(used, call, item, of, deps) };
}

function callOf(item: OpenItem, { batch, part, signal }: ResultsOf, { means }: ResultDeps): Call {
  const id = `${batch}/${item.number}`;
  const facts = { id, startedAt: part.since, signal, catalogue: means.catalogue() };
  return restoreCall(item.context, facts);
}

/** What an item used, priced, as the batch and the ledger take it. */
function charged(
  { usage, serviceTier, outcome }: Pick<Charge, 'usage' | 'serviceTier' | 'outcome'>,
  call: Call,
  { userId, projectId }: OpenItem,
  { part }: ResultsOf,
  { means, clock }: ResultDeps,
): Pick<NewResult, 'usage' | 'cost' | 'record'> {
  if (!means.costs.trackingEnabled) return { usage };
  const { version: catalogueVersion } = means.catalogue();
  const cost = attemptCost(call, usage, {
    serviceTier,
    at: part.since,
    catalogueVersion,
    batch: true,
  });
  const record = {
    callId: call.id,
    traceId: '',
    attempt: 1,
    upstream: part.upstream,
    model: part.modelId,
    userId,
    projectId,
    usage,
    cost,
    serviceTier: SERVICE_TIER,
    outcome,
    startedAt: part.since,
    endedAt: clock.now(),
  };
  return { usage, cost, record };
}

/** With what the upstream did not count, which is 0 in a usage that is an estimate. */
function whole(usage: Usage, item: OpenItem, answer?: MessageResponse): Usage {
  if (!usage.estimated) return usage;
  const inputTokens = usage.inputTokens || item.inputTokens;
  const outputTokens = usage.outputTokens || (answer ? writtenIn(answer) : 0);
  return { ...usage, inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}

/** Estimated: the tokenizer takes more memory than all else that a batch needs. */
function writtenIn({
  content,
  commentary,
  reasoning,
  refusal,
  toolCalls,
}: MessageResponse): number {
  const calls = toolCalls.map(({ name, arguments: args }) => name + args);
  return estimateTokens([content, commentary, reasoning, refusal, ...calls].join('').length);
}
