import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { unknownModel } from '../../../src/core/model.ts';
import { readResultLine, type Surfaces } from '../../../src/openai/batches/line.ts';
import { toUpstreamBatch } from '../../../src/openai/batches/upstream-batch.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall } from '../../support/events.ts';

const SURFACES: Surfaces = {
  chat_completions: {
    path: '/chat/completions',
    toRequest: () => ({}),
    newStream: (call, emit) => new ChatStream(call, emit),
  },
  responses: {
    path: '/responses',
    toRequest: () => ({}),
    newStream: (call, emit) => new ResponsesStream(call, emit),
  },
} as Surfaces;

const CHAT = {
  id: 'chatcmpl-1',
  model: 'gpt-test-2026',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
};

function read(
  line: object,
  surface: 'chat_completions' | 'responses' = 'chat_completions',
  onFailedUsage: Call['onFailedUsage'] = () => {},
) {
  const target = { model: unknownModel('gpt-test'), surface };
  const call = aCall({ target, record: newCallRecord(0), onFailedUsage });
  const result = readResultLine(JSON.stringify({ custom_id: 'a', ...line }), SURFACES);
  if (result === undefined) throw new Error('there is no result');
  const answer = result.answer(call);
  return { call, answer };
}

describe('a line of results', () => {
  it('holds an answer, whose call is told what the upstream calls it', async () => {
    const response = { status_code: 200, request_id: 'req_1', body: CHAT };
    const { call, answer } = read({ response, error: null });
    expect(await answer).toMatchObject({ content: 'Hi', model: 'gpt-test-2026' });
    expect(call.record).toMatchObject({ upstreamRequestId: 'req_1', upstreamStatus: 200 });
  });

  it.each(['{}', '{"custom_id":7}', '[]', 'null', '{"custom_id":"a","resp', '<html>'])(
    'that names no request is none: %s',
    (line) => {
      expect(readResultLine(line, SURFACES)).toBeUndefined();
    },
  );

  it.each<[string, object, object]>([
    [
      'an error that HTTP says',
      {
        response: {
          status_code: 400,
          request_id: 'req_1',
          body: { error: { message: 'Bad.', type: 'invalid_request_error' } },
        },
      },
      { reason: 'INVALID_REQUEST', facts: { upstreamStatus: 400, upstreamRequestId: 'req_1' } },
    ],
    [
      'an error as a text',
      { response: { status_code: 429, body: 'Slow down' } },
      { reason: 'RATE_LIMIT_EXCEEDED' },
    ],
    ['a status alone', { response: { status_code: 503 } }, { reason: 'SERVICE_UNAVAILABLE' }],
    [
      'a status that nobody knows',
      { response: { status_code: 599, body: null } },
      { reason: 'SERVICE_UNAVAILABLE' },
    ],
    [
      'a batch that expired',
      { error: { code: 'batch_expired', message: 'x' } },
      {
        reason: 'DEADLINE_EXCEEDED',
        message: 'The batch expired at the upstream before this request was answered.',
      },
    ],
    [
      'a batch that was cancelled',
      { response: null, error: { code: 'batch_cancelled' } },
      { reason: 'CANCELLED', message: 'The batch was cancelled before this request was answered.' },
    ],
    [
      'another error',
      {
        response: { status_code: 200, body: CHAT },
        error: { code: 'invalid_api_key', message: 'x' },
      },
      { reason: 'INVALID_API_KEY' },
    ],
    ['nothing at all', {}, { reason: 'PROVIDER_ERROR' }],
    [
      'an answer without a body',
      { response: { status_code: 200 } },
      { reason: 'SERVICE_UNAVAILABLE' },
    ],
    [
      'half an answer',
      { response: { status_code: 200, body: { ...CHAT, choices: [] } } },
      { reason: 'SERVICE_UNAVAILABLE' },
    ],
  ])('that holds %s rejects', async (_what, line, error) => {
    await expect(read(line).answer).rejects.toMatchObject(error);
  });

  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  const error = { message: 'Bad.' };

  it.each<[string, object]>([
    ['under a status', { response: { status_code: 500, body: { error, usage } } }],
    ['beside an answer', { response: { status_code: 200, body: { ...CHAT, usage } }, error }],
    ['in an answer', { response: { status_code: 200, body: { ...CHAT, error, usage } } }],
    ['without a word', { response: { status_code: 200, body: { usage, choices: [] } } }],
  ])('that holds a failure %s tells what that used', async (_how, line) => {
    const told: unknown[] = [];
    await expect(read(line, undefined, (used) => told.push(used)).answer).rejects.toThrow();
    expect(told).toMatchObject([{ inputTokens: 7, outputTokens: 5, estimated: false }]);
  });

  it('that holds an answer of the Responses API that has not ended rejects', async () => {
    const body = { id: 'resp_1', status: 'in_progress', output: [] };
    await expect(
      read({ response: { status_code: 200, body } }, 'responses').answer,
    ).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
  });
});

describe('a batch as the upstream tells of it', () => {
  const batch = { id: 'batch_1', status: 'completed' };

  it.each<[string, object, object]>([
    [
      'nothing beside its id',
      { id: 'batch_1' },
      {
        status: 'in_progress',
        errors: [],
        counts: { total: 0, completed: 0, failed: 0 },
      },
    ],
    ['a status that is new', { ...batch, status: 'paused' }, { status: 'in_progress' }],
    [
      'files',
      { ...batch, input_file_id: 'f1', output_file_id: 'f2', error_file_id: 'f3' },
      { outputFileId: 'f2', errorFileId: 'f3' },
    ],
    [
      'counts that are none',
      { ...batch, request_counts: { total: 2.5, completed: -1, failed: 3 } },
      { counts: { total: 0, completed: 0, failed: 3 } },
    ],
    [
      'errors, with and without a line and a code',
      {
        ...batch,
        status: 'failed',
        errors: { data: [{ code: 'c', line: 2 }, { code: 'no code!', line: null }, 'x'] },
      },
      { errors: [{ code: 'c', line: 2 }, { code: '' }] },
    ],
  ])('is read with %s', (_what, told, read) => {
    expect(toUpstreamBatch({ ...told })).toMatchObject(read);
  });

  it.each([{}, { id: 7 }, { id: 'a\nb' }])('is refused without an id: %j', (told) => {
    expect(() => toUpstreamBatch({ status: 'completed', ...told })).toThrow(
      'names no id of the batch',
    );
  });
});
