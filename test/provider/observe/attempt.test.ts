import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Call, Emit, Handler } from '../../../src/core/call.ts';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { attempt } from '../../../src/provider/observe/attempt.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { traceIds } from '../../../src/telemetry/propagation.ts';
import {
  aCall,
  completed,
  drain,
  replay,
  scripted,
  started,
  text,
  usage,
} from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const OPERATION = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-test',
  'server.address': 'api.example.com',
  'server.port': 443,
};

function setUp(next: Handler, fields: Partial<Call> = {}, captureContent = false) {
  const clock = new FakeClock();
  const probe = new TelemetryProbe();
  const labels = new ModelLabels(['gpt-test', 'gpt-test-2026']);
  const handler = attempt({
    clock,
    tracer: probe.tracer,
    instruments: probe.instruments,
    labels,
    server: { address: 'api.example.com', port: 443 },
    captureContent,
  })(next);
  const call = aCall({ record: newCallRecord(clock.now()), ...fields });
  return { clock, probe, labels, handler, call };
}

describe('attempt: the call it hands on', () => {
  it('numbers the attempts of a call and passes their events on', async () => {
    const numbers: number[] = [];
    const { handler, call } = setUp(
      scripted(async function* (inner) {
        numbers.push(inner.attempt);
        yield started();
        yield completed();
      }),
    );
    const { events } = await drain((emit) => handler(call, emit));
    await drain((emit) => handler(call, emit));

    expect(events).toEqual([started(), completed()]);
    expect(numbers).toEqual([1, 2]);
    expect(call.record.attempts).toBe(2);
  });

  it("hands on a context with the attempt's span, a child of the call's", async () => {
    let inner = ROOT_CONTEXT;
    const { probe, handler, call } = setUp(
      scripted(async function* (given) {
        inner = given.context;
        yield completed();
      }),
    );
    const parent = probe.tracer.startSpan('parent');
    await drain((emit) => handler({ ...call, context: trace.setSpan(ROOT_CONTEXT, parent) }, emit));

    expect(traceIds(inner)).toEqual({
      traceId: parent.spanContext().traceId,
      spanId: probe.span.spanContext().spanId,
    });
    expect(probe.span.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  });
});

describe('attempt: the span', () => {
  it('tells what was waited before it, in its turn and after a failure', async () => {
    const { probe, handler, call } = setUp(replay(started(), completed()));
    call.record.backoffMs = 1_500;
    call.record.queuedMs = 250;
    await drain((emit) => handler(call, emit));
    call.record.backoffMs += 2_000;
    await drain((emit) => handler(call, emit));
    await drain((emit) => handler(call, emit));

    const waits = probe.spans.map(({ attributes }) => [
      attributes['tamma.provider.backoff'],
      attributes['tamma.provider.queued'],
    ]);
    expect(waits).toEqual([
      [1.5, 0.25],
      [2, undefined],
      [undefined, undefined],
    ]);
  });

  it('names operation, request and answer', async () => {
    const { clock, probe, handler, call } = setUp(
      scripted(async function* () {
        yield started({ responseId: 'chatcmpl-7', upstreamRequestId: 'req_7' });
        clock.advance(250);
        yield text('a');
        clock.advance(50);
        yield completed({
          rawFinishReason: 'tool_calls',
          serviceTier: 'default',
          systemFingerprint: 'fp_1',
          usage: usage({ cacheReadTokens: 4, cacheWriteTokens: 2, reasoningTokens: 1 }),
        });
      }),
      {
        request: {
          messages: [{ role: 'user', content: 'the prompt' }],
          maxTokens: 100,
          temperature: 0.5,
          topP: 0.9,
          frequencyPenalty: 0.1,
          presencePenalty: 0.2,
          stop: ['END'],
          seed: 42,
          serviceTier: 'flex',
          reasoningEffort: 'low',
          responseFormat: { type: 'json_object' },
        },
      },
    );
    await drain((emit) => handler(call, emit));

    expect(probe.span.name).toBe('chat gpt-test');
    expect(probe.span.kind).toBe(SpanKind.CLIENT);
    expect(probe.span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(probe.span.attributes).toEqual({
      ...OPERATION,
      'gen_ai.request.stream': true,
      'gen_ai.output.type': 'json',
      'gen_ai.request.seed': 42,
      'gen_ai.request.max_tokens': 100,
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.top_p': 0.9,
      'gen_ai.request.frequency_penalty': 0.1,
      'gen_ai.request.presence_penalty': 0.2,
      'gen_ai.request.stop_sequences': ['END'],
      'openai.request.service_tier': 'flex',
      'openai.api.type': 'chat_completions',
      'gen_ai.request.reasoning.level': 'low',
      'openai.response.system_fingerprint': 'fp_1',
      'tamma.provider.attempt': 1,
      'tamma.provider.target': 'default',
      'gen_ai.response.id': 'chatcmpl-7',
      'gen_ai.response.model': 'gpt-test-2026',
      'tamma.provider.upstream_request_id': 'req_7',
      'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.response.finish_reasons': ['tool_calls'],
      'openai.response.service_tier': 'default',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.usage.cache_read.input_tokens': 4,
      'gen_ai.usage.cache_write.input_tokens': 2,
      'gen_ai.usage.reasoning.output_tokens': 1,
    });
    expect(probe.span.events).toMatchObject([{ name: 'tamma.provider.output' }]);
  });

  it('leaves out what is not known, rather than exporting it empty', async () => {
    const { probe, handler, call } = setUp(
      replay(
        started({ responseId: '', model: '', upstreamRequestId: '' }),
        completed({ model: '', usage: usage({ estimated: true }) }),
      ),
    );
    await drain((emit) => handler(call, emit));

    expect(probe.span.attributes).toEqual({
      ...OPERATION,
      'gen_ai.request.stream': true,
      'openai.api.type': 'chat_completions',
      'tamma.provider.attempt': 1,
      'tamma.provider.target': 'default',
      'gen_ai.response.finish_reasons': ['stop'],
    });
  });

  it('names the output type text where text was asked for', async () => {
    const { probe, handler, call } = setUp(replay(completed()), {
      request: { messages: [], responseFormat: { type: 'text' } },
    });
    await drain((emit) => handler(call, emit));

    expect(probe.span.attributes['gen_ai.output.type']).toBe('text');
  });

  it('has the status ERROR and an error type when the upstream fails', async () => {
    const failure = new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 });
    const { probe, handler, call } = setUp(replay(started(), failure));
    const { error } = await drain((emit) => handler(call, emit));

    expect(error).toBe(failure);
    expect(probe.span.status.code).toBe(SpanStatusCode.ERROR);
    expect(probe.span.attributes).toMatchObject({
      'error.type': '503',
      'gen_ai.response.id': 'chatcmpl-1',
    });
  });

  it('ends without the status ERROR when the caller cancels', async () => {
    const cancelled = new ProviderError('CANCELLED');
    const { probe, handler, call } = setUp(replay(started(), cancelled), {
      signal: AbortSignal.abort(cancelled),
    });
    await drain((emit) => handler(call, emit));

    expect(probe.span.status.code).toBe(SpanStatusCode.UNSET);
    expect(probe.span.attributes).not.toHaveProperty('error.type');
    expect(probe.span.attributes['gen_ai.response.finish_reasons']).toEqual(['error']);
  });

  it('ends when the call is cancelled in the middle', async () => {
    const cancelled = new ProviderError('CANCELLED');
    const signal = AbortSignal.abort(cancelled);
    const { probe, handler, call } = setUp(replay(started(), text('a'), cancelled), { signal });
    await drain((emit) => handler(call, emit));

    expect(probe.span.ended).toBe(true);
    expect(probe.span.attributes).not.toHaveProperty('error.type');
    expect(call.record.failedAttempts).toEqual([]);
  });
});

describe('attempt: the gate', () => {
  it.each([
    ['completed', completed()],
    ['failed', new ProviderError('NETWORK_ERROR')],
  ])('lets nothing through of an attempt that has %s', async (_, end) => {
    let late: Emit = () => {};
    const { handler, call } = setUp((inner, emit) => {
      late = emit;
      return replay(started(), text('a'), end)(inner, emit);
    });
    const { events } = await drain((emit) => handler(call, emit));
    const before = events.length;
    late(text('too late'));
    expect(events).toHaveLength(before);
  });
});

describe('attempt: the record', () => {
  it('notes a failed attempt with what the upstream said', async () => {
    const { clock, probe, handler, call } = setUp(
      scripted(async function* () {
        clock.advance(30);
        yield* [];
        throw new ProviderError('RATE_LIMIT_EXCEEDED', {
          upstreamStatus: 429,
          upstreamRequestId: 'req_9',
        });
      }),
    );
    await drain((emit) => handler(call, emit));

    expect(call.record.failedAttempts).toEqual([
      {
        attempt: 1,
        target: 'default',
        model: 'gpt-test',
        reason: 'RATE_LIMIT_EXCEEDED',
        upstreamStatus: 429,
        upstreamRequestId: 'req_9',
        durationMs: 30,
      },
    ]);
    expect(call.record.upstreamRequestId).toBe('req_9');
    expect(probe.span.attributes['tamma.provider.upstream_request_id']).toBe('req_9');
  });

  it('notes a failure the upstream said nothing about, and what is no ProviderError as INTERNAL', async () => {
    const { handler, call } = setUp(replay(new TypeError('bug')));
    const { error } = await drain((emit) => handler(call, emit));

    expect(error).toMatchObject({ reason: 'INTERNAL' });
    expect(call.record.failedAttempts).toEqual([
      {
        attempt: 1,
        target: 'default',
        model: 'gpt-test',
        reason: 'INTERNAL',
        durationMs: 0,
      },
    ]);
  });

  it('keeps the request id of an answer that started', async () => {
    const { handler, call } = setUp(replay(started(), new ProviderError('NETWORK_ERROR')));
    await drain((emit) => handler(call, emit));

    expect(call.record.upstreamRequestId).toBe('req_1');
    expect(call.record.failedAttempts).toMatchObject([{ upstreamRequestId: 'req_1' }]);
  });

  it("does not blame the upstream for an attempt that the call's own signal ended", async () => {
    const reason = new ProviderError('DEADLINE_EXCEEDED');
    const { probe, handler, call } = setUp(replay(started(), reason), {
      signal: AbortSignal.abort(reason),
    });
    await drain((emit) => handler(call, emit));

    expect(call.record.failedAttempts).toEqual([]);
    expect(probe.span.status.code).toBe(SpanStatusCode.ERROR);
    expect(probe.span.attributes['error.type']).toBe('DEADLINE_EXCEEDED');
  });
});

describe('attempt: the metrics', () => {
  const ANSWERED = { ...OPERATION, 'gen_ai.response.model': 'gpt-test-2026' };

  it('measures duration, tokens, the first chunk and the mean of the further ones', async () => {
    const { clock, probe, handler, call } = setUp(
      scripted(async function* () {
        yield started();
        clock.advance(400);
        yield text('a');
        clock.advance(100);
        yield text('b');
        clock.advance(300);
        yield text('c');
        yield completed();
      }),
    );
    await drain((emit) => handler(call, emit));

    expect(await probe.measured(METRICS.inferenceDuration.name)).toEqual([
      { attributes: ANSWERED, value: 0.8, count: 1 },
    ]);
    expect(await probe.measured(METRICS.timeToFirstChunk.name)).toEqual([
      { attributes: ANSWERED, value: 0.4, count: 1 },
    ]);
    expect(await probe.measured(METRICS.timePerOutputChunk.name)).toEqual([
      { attributes: ANSWERED, value: 0.2, count: 1 },
    ]);
    const USED = { ...ANSWERED, 'gen_ai.token.modality': 'text' };
    expect(await probe.measured(METRICS.inputTokens.name)).toEqual([
      { attributes: USED, value: 10, count: undefined },
    ]);
    expect(await probe.measured(METRICS.outputTokens.name)).toEqual([
      { attributes: USED, value: 5, count: undefined },
    ]);
    expect(await probe.measured(METRICS.attemptOutputTokens.name)).toEqual([
      { attributes: ANSWERED, value: 5, count: 1 },
    ]);
    expect(await probe.measured(METRICS.answers.name)).toEqual([
      {
        attributes: {
          'gen_ai.request.model': 'gpt-test',
          'tamma.provider.target': 'default',
          'tamma.provider.finish_reason': 'stop',
        },
        value: 1,
        count: undefined,
      },
    ]);
    expect(await probe.measured(METRICS.attempts.name)).toEqual([
      {
        attributes: {
          'gen_ai.request.model': 'gpt-test',
          'tamma.provider.target': 'default',
          'tamma.provider.outcome': 'completed',
        },
        value: 1,
        count: undefined,
      },
    ]);
  });

  it('measures no time between chunks where there is one, and no tokens that are estimates', async () => {
    const estimated = completed({ usage: usage({ estimated: true }) });
    const { probe, handler, call } = setUp(replay(started(), text('a'), estimated));
    await drain((emit) => handler(call, emit));

    expect(await probe.measured(METRICS.timePerOutputChunk.name)).toEqual([]);
    for (const { name } of [METRICS.inputTokens, METRICS.outputTokens, METRICS.reasoningTokens]) {
      expect(await probe.measured(name)).toMatchObject([
        { attributes: { 'gen_ai.token.modality': 'unknown' }, value: 0 },
      ]);
    }
    expect(await probe.measured(METRICS.attemptInputTokens.name)).toMatchObject([
      { value: 0, count: 1 },
    ]);
  });

  it('says that the upstream is asked with less of the conversation than was sent', async () => {
    const { probe, handler, call } = setUp(replay(started(), completed()));
    const truncation = { droppedMessages: [0], inputTokensBefore: 9, inputTokensAfter: 5 };
    await drain((emit) => handler({ ...call, truncation }, emit));
    expect(probe.span.attributes).toMatchObject({ 'gen_ai.conversation.compacted': true });
  });

  it('tells failed attempts apart by error type and outcome', async () => {
    const failure = new ProviderError('QUOTA_EXCEEDED', {
      upstreamStatus: 429,
      upstreamCode: 'insufficient_quota',
    });
    const { probe, handler, call } = setUp(replay(failure));
    await drain((emit) => handler(call, emit));

    expect(await probe.measured(METRICS.inferenceDuration.name)).toEqual([
      { attributes: { ...OPERATION, 'error.type': 'insufficient_quota' }, value: 0, count: 1 },
    ]);
    expect(await probe.measured(METRICS.attempts.name)).toEqual([
      {
        attributes: {
          'gen_ai.request.model': 'gpt-test',
          'tamma.provider.target': 'default',
          'tamma.provider.outcome': 'QUOTA_EXCEEDED',
        },
        value: 1,
        count: undefined,
      },
    ]);
    expect(await probe.measured(METRICS.timeToFirstChunk.name)).toEqual([]);
  });

  it('labels a model only once an upstream has answered to its name', async () => {
    const refused = setUp(replay(new ProviderError('MODEL_NOT_FOUND')), { model: 'invented' });
    await drain((emit) => refused.handler(refused.call, emit));
    const answered = setUp(replay(started({ model: 'new-1' }), completed({ model: 'new-1' })), {
      model: 'new',
    });
    await drain((emit) => answered.handler(answered.call, emit));

    expect(refused.probe.span.name).toBe('chat invented');
    expect(await refused.probe.measured(METRICS.inferenceDuration.name)).toMatchObject([
      { attributes: { 'gen_ai.request.model': 'other' } },
    ]);
    expect(refused.labels.label('invented')).toBe('other');
    expect(await answered.probe.measured(METRICS.inferenceDuration.name)).toMatchObject([
      { attributes: { 'gen_ai.request.model': 'new', 'gen_ai.response.model': 'new-1' } },
    ]);
  });
});

describe('attempt: content on the span', () => {
  const request = { messages: [{ role: 'user', content: 'the prompt' }] } as const;
  const names = ({ probe }: ReturnType<typeof setUp>) => Object.keys(probe.span.attributes);

  it('is there only if it is wanted', async () => {
    const answer = () => replay(started(), text('the answer'), completed());
    const off = setUp(answer(), { request });
    await drain((emit) => off.handler(off.call, emit));
    expect(names(off).filter((name) => /messages|instructions/.test(name))).toEqual([]);
    const on = setUp(answer(), { request }, true);
    await drain((emit) => on.handler(on.call, emit));
    expect(on.probe.span.attributes).toMatchObject({
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"the prompt"}]}]',
      'gen_ai.output.messages':
        '[{"role":"assistant","finish_reason":"stop","parts":[{"type":"text","content":"the answer"}]}]',
    });
  });

  it('has what came of an answer that broke off, and no answer where nothing came', async () => {
    const broken = setUp(
      replay(started(), text('half'), new ProviderError('NETWORK_ERROR')),
      { request },
      true,
    );
    await drain((emit) => broken.handler(broken.call, emit));
    expect(broken.probe.span.attributes['gen_ai.output.messages']).toBe(
      '[{"role":"assistant","finish_reason":"error","parts":[{"type":"text","content":"half"}]}]',
    );
    const refused = setUp(replay(new ProviderError('RATE_LIMIT_EXCEEDED')), { request }, true);
    await drain((emit) => refused.handler(refused.call, emit));
    expect(names(refused)).toContain('gen_ai.input.messages');
    expect(names(refused)).not.toContain('gen_ai.output.messages');
  });
});
