import { STATUS_CODES } from 'node:http';
import type { Call, Emit } from '../../core/call.ts';
import { collect } from '../../core/collect.ts';
import { ProviderError } from '../../core/errors.ts';
import type { MessageResponse, Timings } from '../../core/events.ts';
import type { Surface } from '../../core/model.ts';
import type { BatchLine, BatchLineResult } from '../../core/upstream-batches.ts';
import type { AnswerStream, ApiSurface } from '../answer/api-surface.ts';
import { completedWithPlainNames, withPlainNames } from '../answer/plain-names.ts';
import { fromErrorObject, fromHttpResponse } from '../errors/map-error.ts';
import { malformed, parseObject } from '../values/json-checks.ts';
import { type JsonRecord, recordOf, stringOr } from '../values/json-record.ts';
import { requestId } from '../values/upstream-text.ts';

export type Surfaces = Readonly<Record<Surface, ApiSurface>>;

/** What the Batch API puts before the paths of the APIs, wherever those are served. */
const VERSION = '/v1';

/** When the upstream worked on one request of a batch is not known. */
const UNTIMED: Timings = { queueMs: 0, backoffMs: 0, totalMs: 0 };

/** The line of a batch's file that asks for what the call asks. */
export function batchLine(customId: string, call: Call, surfaces: Surfaces): BatchLine {
  const surface = surfaces[call.target.surface];
  const url = VERSION + surface.path;
  const body = surface.toRequest(whole(call));
  return {
    endpoint: url,
    text: JSON.stringify({ custom_id: customId, method: 'POST', url, body }),
  };
}

/** Nobody streams a batch. */
function whole(call: Call): Call {
  const { target } = call;
  const { model } = target;
  const supports = { ...model.supports, streaming: false };
  return { ...call, target: { ...target, model: { ...model, supports } } };
}

/** A line of a file of results; undefined if it is none. */
export function readResultLine(line: string, surfaces: Surfaces): BatchLineResult | undefined {
  const { custom_id, response, error } = objectIn(line);
  if (typeof custom_id !== 'string') return undefined;
  return {
    size: line.length,
    customId: custom_id,
    answer: (call) => readAnswer(call, recordOf(response), error, surfaces),
  };
}

/** Of a line that is cut off there is nothing. */
function objectIn(line: string): JsonRecord {
  try {
    return parseObject(line);
  } catch {
    return {};
  }
}

async function readAnswer(
  call: Call,
  { status_code, request_id, body }: Readonly<Record<string, unknown>>,
  error: unknown,
  surfaces: Surfaces,
): Promise<MessageResponse> {
  const id = requestId(stringOr(request_id)) ?? '';
  const status = typeof status_code === 'number' ? status_code : 0;
  const text = JSON.stringify(body ?? null);
  const streamTo = (emit: Emit) =>
    surfaces[call.target.surface].newStream(call, (event) =>
      emit(withPlainNames(event, call.model)),
    );
  if (status === 0 || error || status >= 300) {
    tellUsage(
      streamTo(() => {}),
      text,
    );
    if (status === 0 || error) throw batchError(error, call.model, id);
    const headers = id === '' ? {} : { 'x-request-id': id };
    throw fromHttpResponse(status, headers, textOf(body, status), call.model);
  }
  const { record } = call;
  record.upstreamRequestId = id;
  record.upstreamStatus = status;
  const metadata = call.asked.metadata ?? {};
  return collect(async (emit) => {
    const stream = streamTo(emit);
    try {
      stream.readWhole(text);
      if (!stream.finished) throw malformed('the body of a result holds no answer');
      return completedWithPlainNames(stream.end(UNTIMED), call.model);
    } catch (thrown) {
      stream.tellUsage();
      throw thrown;
    }
  }, metadata);
}

/** A failure that has used something says so beside its error. */
function tellUsage(stream: AnswerStream, body: string): void {
  try {
    stream.readWhole(body);
  } catch {
    // The failure is told from elsewhere.
  }
  stream.tellUsage();
}

/** What the upstream did not get to, or could not say under a status of HTTP. */
function batchError(error: unknown, model: string, id: string): ProviderError {
  const { code } = recordOf(error);
  if (code === 'batch_expired') {
    return new ProviderError('DEADLINE_EXCEEDED', {
      model,
      message: 'The batch expired at the upstream before this request was answered.',
    });
  }
  if (code === 'batch_cancelled') {
    return new ProviderError('CANCELLED', {
      model,
      message: 'The batch was cancelled before this request was answered.',
    });
  }
  return fromErrorObject(error, { model, requestId: id });
}

function textOf(body: unknown, status: number): string {
  if (typeof body === 'string') return body;
  return JSON.stringify(body ?? { error: { message: STATUS_CODES[status] ?? '' } });
}
