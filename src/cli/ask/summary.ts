import { type Completed, FinishReason } from '../../gen/tamma/provider/v1/event.ts';
import { count, dollars, named, several, time } from '../print/words.ts';

/** What an answer took, in one line: model, tokens, cost, time, and why it ended if it is cut. */
export function summary(completed: Completed): string {
  const { usage, cost, saved, timings, attempts, finishReason, cached, shared } = completed;
  const facts = [
    usage === undefined ? '' : tokens(usage),
    dollars(cost),
    cached ? `from the cache, ${dollars(saved)} saved` : '',
    shared ? `with another call, ${dollars(saved)} saved` : '',
    time(timings?.total),
    timings?.timeToFirstToken === undefined ? '' : `first after ${time(timings.timeToFirstToken)}`,
    attempts > 1 ? several(attempts, 'attempt') : '',
    finishReason === FinishReason.STOP
      ? ''
      : (ENDINGS[finishReason] ?? named(FinishReason, finishReason)),
  ];
  const told = facts.filter((fact) => fact !== '');
  return told.length === 0 ? completed.model : `${completed.model}: ${told.join(', ')}`;
}

const ENDINGS: Readonly<Record<number, string>> = {
  [FinishReason.LENGTH]: 'cut: the answer reached its limit',
  [FinishReason.CONTENT_FILTER]: "cut by the upstream's policy",
};

function tokens(usage: NonNullable<Completed['usage']>): string {
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens, estimated } = usage;
  const cached = cacheReadTokens > 0 ? ` (${count(cacheReadTokens)} cached)` : '';
  const thought = reasoningTokens > 0 ? ` (${count(reasoningTokens)} thought)` : '';
  const about = estimated ? 'about ' : '';
  return `${about}${count(inputTokens)} tokens in${cached}, ${count(outputTokens)} out${thought}`;
}
