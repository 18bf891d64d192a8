import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { type Surface, unknownModel } from '../../../src/core/model.ts';
import type { BatchUpload, UpstreamBatches } from '../../../src/core/upstream-batches.ts';
import { aCall } from '../../support/events.ts';
import { answer, type BatchBehaviour } from '../../support/upstream/index.ts';
import { openUpstream } from '../open-upstream.ts';

const { signal } = new AbortController();

async function open(behaviour: Partial<BatchBehaviour> = {}) {
  const { stub, upstream } = await openUpstream(answer());
  stub.batches.set(behaviour);
  return { stub: stub.batches, batches: upstream.batches };
}

function callOver(surface: Surface, content = 'Hello') {
  const request = { messages: [{ role: 'user' as const, content }], metadata: { issue: '7' } };
  const target = { model: unknownModel('gpt-test'), surface };
  return aCall({ asked: request, request, target, record: newCallRecord(0) });
}

function uploadOf(name: string, ...lines: readonly string[]): BatchUpload {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return {
    name,
    size: text.length,
    content: (async function* () {
      for (let at = 0; at < text.length; at += 100) yield text.subarray(at, at + 100);
    })(),
  };
}

async function sent(batches: UpstreamBatches, surface: Surface, ids: readonly string[]) {
  const lines = ids.map((id) => batches.line(id, callOver(surface, `question ${id}`)));
  const fileId = await batches.upload(
    uploadOf('a.jsonl', ...lines.map(({ text }) => text)),
    '',
    signal,
  );
  const endpoint = lines[0]?.endpoint ?? '';
  const batch = await batches.create({ fileId, endpoint, metadata: { mine: 'x' } }, '', signal);
  return { ...batch, fileId };
}

async function allResults(batches: UpstreamBatches, surface: Surface, fileId = '') {
  const found: Record<string, unknown> = {};
  for await (const line of batches.results(fileId, '', signal)) {
    if (line === undefined) continue;
    found[line.customId] = await line.answer(callOver(surface)).catch((error: unknown) => error);
  }
  return found;
}

describe.each<Surface>(['chat_completions', 'responses'])('a batch over %s', (surface) => {
  it('is uploaded, created, and its answers read, in whatever order they come', async () => {
    const { batches, stub } = await open();
    const { id } = await sent(batches, surface, ['a', 'b', 'c']);
    const batch = await batches.retrieve(id, '', signal);
    expect(batch).toMatchObject({ status: 'completed', errors: [] });
    expect(batch.errorFileId).toBeUndefined();
    const results = await allResults(batches, surface, batch.outputFileId);
    expect(Object.keys(results)).toEqual(['c', 'b', 'a']);
    expect(results.a).toMatchObject({
      content: 'Hello from the stub.',
      finishReason: 'stop',
      metadata: { issue: '7' },
      usage: { inputTokens: 6, outputTokens: 5, estimated: false },
      upstreamRequestId: 'req_batch_2',
      effectiveSettings: { api: surface },
    });
    expect([...stub.batches.values()][0]?.lines[0]?.body).not.toHaveProperty('stream');
  });

  it('says of each line why it failed', async () => {
    const { batches } = await open({
      outcome: ({ custom_id }) =>
        custom_id === 'bad'
          ? { status: 400, error: { code: 'context_length_exceeded', message: 'Too long.' } }
          : { answer: {} },
      expireAfter: 0.5,
    });
    const { id } = await sent(batches, surface, ['bad', 'late']);
    const batch = await batches.retrieve(id, '', signal);
    expect(batch.status).toBe('expired');
    const results = await allResults(batches, surface, batch.errorFileId);
    expect(results.bad).toMatchObject({ reason: 'CONTEXT_TOO_LONG' });
    expect(results.late).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });
});

describe('what may have happened', () => {
  it('is found by name and size, or by metadata, once it is visible', async () => {
    const { batches, stub } = await open({ visibleAfterMs: 60_000 });
    const since = Date.now();
    const { id, fileId } = await sent(batches, 'chat_completions', ['a']);
    const file = { name: 'a.jsonl', size: stub.files.get(fileId)?.bytes ?? 0 };
    expect(
      await batches.find({ fileId: 'none', metadata: { mine: 'x' } }, since, '', signal),
    ).toBeUndefined();
    stub.set({});
    expect(await batches.findFile(file, since, '', signal)).toBe(fileId);
    expect(await batches.findFile({ ...file, size: 1 }, since, '', signal)).toBeUndefined();
    expect(
      (await batches.find({ fileId: 'none', metadata: { mine: 'x' } }, since, '', signal))?.id,
    ).toBe(id);
    expect(
      await batches.find({ fileId: 'none', metadata: { mine: 'y' } }, since, '', signal),
    ).toBeUndefined();
    expect(
      await batches.find(
        { fileId: 'none', metadata: { mine: 'x' } },
        since + 10 * 60_000,
        '',
        signal,
      ),
    ).toBeUndefined();
  });

  it('is found on whatever page of a list it stands', async () => {
    const { batches } = await open();
    const upload = () => batches.upload(uploadOf('other.jsonl', '{}'), '', signal);
    const wanted = await batches.upload(uploadOf('wanted.jsonl', '{}'), '', signal);
    for (let n = 0; n < 120; n += 1) await upload();
    expect(await batches.findFile({ name: 'wanted.jsonl', size: 3 }, 0, '', signal)).toBe(wanted);
  });
});

it('cancels a batch, and deletes a file twice', async () => {
  const { batches } = await open({ workMs: 100_000, cancelMs: 50_000 });
  const { id, fileId } = await sent(batches, 'responses', ['a']);
  expect((await batches.cancel(id, '', signal)).status).toBe('cancelling');
  await batches.deleteFile(fileId, '', signal);
  await batches.deleteFile(fileId, '', signal);
});

it('tells what the upstream found wrong with a file', async () => {
  const { batches } = await open({ enqueuedTokens: 10 });
  const { id } = await sent(batches, 'responses', ['a']);
  expect(await batches.retrieve(id, '', signal)).toMatchObject({
    status: 'failed',
    errors: [{ code: 'token_limit_exceeded' }],
  });
});

it('rejects with what HTTP says, what the connection says, and with the end of its signal', async () => {
  const { batches, stub } = await open({ fault: () => ({ status: 503, message: 'Later.' }) });
  const ask = (given = signal) => batches.retrieve('batch_1', '', given);
  await expect(ask()).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
  await expect(allResults(batches, 'responses', 'f')).rejects.toMatchObject({
    reason: 'SERVICE_UNAVAILABLE',
  });
  stub.set({ fault: () => 'refuse' });
  await expect(ask()).rejects.toMatchObject({ reason: 'NETWORK_ERROR' });
  const ended = AbortSignal.abort(new ProviderError('SHUTTING_DOWN'));
  await expect(ask(ended)).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
});
