/** Faults by name, with what each does. Beside them every status from 400 to 599 is one. */
export const FAULTS = {
  quota: 'status 429, code insufficient_quota: the money is spent',
  context: 'status 400, code context_length_exceeded: the prompt is too long',
  refused: 'the connection is reset before anything was answered',
  silent: 'the request is taken, and never answered',
  headers_only: 'the headers of a stream, and nothing behind them',
  stall: 'falls silent after the first pieces',
  cut: 'the connection closes after the first pieces',
  reset: 'the connection is reset (RST) after the first pieces',
  truncated: 'ends after the first pieces, as HTTP wants it and nothing else does',
  slow: 'the whole answer, `bytes` by `bytes`, split anywhere, with `every` in between',
  malformed: 'an event of truncated JSON behind the first pieces, then the rest',
  no_done: 'all of an answer but the `[DONE]` of Chat Completions',
  more_after_done: 'all of an answer, and more behind its end',
  error_event: 'an error inside the stream, behind the first pieces',
  failed: '`response.failed` behind the first pieces; over Chat Completions as error_event',
  cancelled: '`response.cancelled` behind the first pieces; over Chat Completions as truncated',
  error_with_200: 'an error body under the status of success',
  json: 'one JSON body in answer to a request for a stream',
  huge: 'a piece of text of `bytes` bytes',
} as const;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as [FaultName, ...FaultName[]];
