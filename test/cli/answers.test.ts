import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  type Batch,
  BatchExecution,
  BatchState,
  CreateBatchResponse,
  GetBatchResponse,
  ListBatchesResponse,
} from '../../src/gen/tamma/provider/v1/batch_provider.ts';
import { FinishReason } from '../../src/gen/tamma/provider/v1/event.ts';
import { SendMessageResponse } from '../../src/gen/tamma/provider/v1/provider.ts';
import { FakeHost } from '../support/fake-host.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type Written, withCannedSidecar } from './support.ts';

const { sidecar, run, lines } = withCannedSidecar();
const directory = tempFolder();
const items = join(directory, 'items.jsonl');
const item = { customId: 'a', request: { messages: [{ role: 'ROLE_USER', content: 'Hi' }] } };
writeFileSync(items, `${JSON.stringify(item)}\n`);

const AT = { seconds: 1_795_894_200n, nanos: 0 };

describe('ask', () => {
  type Event = NonNullable<Written<typeof SendMessageResponse>['event']>;
  type Completed = Extract<Event, { $case: 'completed' }>['value'];
  const answer = (...events: readonly Event[]) =>
    sidecar.answer(
      'sendMessage',
      ...events.map((event) => SendMessageResponse.fromPartial({ event })),
    );
  const completed = (value: Completed): Event => ({
    $case: 'completed',
    value: { model: 'm', finishReason: FinishReason.STOP, ...value },
  });
  const used = (fields: object) => ({ usage: { inputTokens: 1_000, outputTokens: 20, ...fields } });

  it.each<[Completed, string]>([
    [{}, 'm'],
    [used({}), 'm: 1,000 tokens in, 20 out'],
    [used({ cacheReadTokens: 512 }), 'm: 1,000 tokens in (512 cached), 20 out'],
    [used({ reasoningTokens: 8 }), 'm: 1,000 tokens in, 20 out (8 thought)'],
    [used({ estimated: true }), 'm: about 1,000 tokens in, 20 out'],
    [{ cost: { usd: '0.01' }, attempts: 1 }, 'm: $0.01'],
    [{ cached: true, saved: { usd: '0.02' } }, 'm: from the cache, $0.02 saved'],
    [{ shared: true, saved: { usd: '0.02' } }, 'm: with another call, $0.02 saved'],
    [{ timings: { total: { seconds: 2n } } }, 'm: 2.0 s'],
    [
      { timings: { total: { seconds: 2n }, timeToFirstToken: { nanos: 3e8 } } },
      'm: 2.0 s, first after 300 ms',
    ],
    [{ attempts: 3 }, 'm: 3 attempts'],
    [{ finishReason: FinishReason.LENGTH }, 'm: cut: the answer reached its limit'],
    [{ finishReason: FinishReason.CONTENT_FILTER }, "m: cut by the upstream's policy"],
    [{ finishReason: FinishReason.TOOL_CALLS }, 'm: tool calls'],
    [{ finishReason: 99 as 1 }, 'm'],
  ])('says of %j what it took', async (fields, said) => {
    answer({ $case: 'textDelta', value: { text: 'Hi' } }, completed(fields));
    expect(await run('ask x')).toEqual({ exitCode: 0, out: 'Hi\n', err: `${said}\n` });
  });

  it('prints refusals and the calls of functions as they come, and warnings beside them', async () => {
    answer(
      { $case: 'started', value: { model: 'm', warnings: ['look here'] } },
      { $case: 'textDelta', value: { text: '' } },
      { $case: 'refusalDelta', value: { text: 'No.' } },
      { $case: 'refusalDelta', value: { text: '\n' } },
      { $case: 'textDelta', value: { text: '' } },
      completed({ toolCalls: [{ name: 'find', arguments: '{"a":1}' }] }),
    );
    expect(await run('ask x')).toEqual({
      exitCode: 0,
      out: 'No.\nfind({"a":1})\n',
      err: '! look here\nm\n',
    });
  });

  it('says on a terminal what is done meanwhile', async () => {
    const host = new FakeHost();
    Object.assign(host.stderr, { isTTY: true });
    answer(
      { $case: 'reasoningDelta', value: { text: 'Hm' } },
      { $case: 'hostedTool', value: { type: 'web_search', status: 'searching' } },
      completed({}),
    );
    const { out, err } = await run('ask x', host);
    expect(out).toBe('');
    expect(err.replaceAll(/ … [\d.]+ s/g, '').split('\r\u001b[K')).toEqual([
      '',
      'waiting',
      'thinking',
      'web_search: searching',
      'm\n',
    ]);
  });

  it('ends what was printed with a line break if nothing more comes', async () => {
    answer({ $case: 'textDelta', value: { text: 'Hi' } });
    expect(await run('ask x')).toEqual({ exitCode: 0, out: 'Hi\n', err: '' });
  });
});

describe('batch', () => {
  const whole: Written<typeof Batch> = {
    id: 'b-1',
    displayName: 'first',
    state: BatchState.FAILED,
    execution: BatchExecution.UPSTREAM,
    counts: { total: 1_000n, completed: 2n, failed: 998n },
    usage: { inputTokens: 5_000, outputTokens: 7 },
    cost: { usd: '1.5' },
    createTime: AT,
    finishTime: AT,
    expireTime: AT,
    upstreamBatchIds: ['u-1', 'u-2'],
    problems: ['it broke', 'twice'],
  };
  const show = (batch: Written<typeof Batch> | undefined) =>
    sidecar.answer('getBatch', GetBatchResponse.fromPartial({ batch }));

  it('status tells what is known', async () => {
    show(whole);
    expect((await lines('batch status b-1')).map((line) => line.trim().split(/: +/))).toEqual([
      ['b-1'],
      ['name', 'first'],
      ['state', 'failed'],
      ['worked off', 'upstream'],
      ['items', '2 done, 998 failed, of 1,000'],
      ['tokens', '5,000 in, 7 out'],
      ['cost', '$1.5'],
      ['taken', '2026-11-28 19:30:00Z'],
      ['ended', '2026-11-28 19:30:00Z'],
      ['expires', '2026-11-28 19:30:00Z'],
      ['at the upstream', 'u-1, u-2'],
      ['problem', 'it broke'],
      ['problem', 'twice'],
    ]);
    show({ id: 'b-2', state: BatchState.QUEUED });
    expect(await lines('batch status b-2')).toEqual(['b-2', '  state: queued']);
  });

  it.each([
    ['getBatch', 'batch status b-1'],
    ['cancelBatch', 'batch cancel b-1'],
    ['createBatch', `batch create ${items}`],
  ])('of which %s tells nothing is a failure', async (method, line) => {
    sidecar.answer(method, {});
    expect(await run(line)).toEqual({
      exitCode: 1,
      out: '',
      err: `${line.split(' ', 2).join(' ')}: the sidecar told no batch\n`,
    });
  });

  it('list asks page by page, as far as the limit', async () => {
    const page = (id: string, nextPageToken: string) =>
      ListBatchesResponse.fromPartial({ batches: [{ ...whole, id }], nextPageToken });
    sidecar.answer('listBatches', page('b-1', 'next'));
    const [, ...rows] = await lines('batch list --limit 2');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      [
        'b-1',
        'first',
        'failed',
        '1,000',
        '2',
        '998',
        '$1.5',
        '2026-11-28 19:30:00Z',
        '2026-11-28 19:30:00Z',
      ],
      expect.arrayContaining(['b-1']),
    ]);
    expect(sidecar.requests).toMatchObject([
      { pageSize: 2, pageToken: '' },
      { pageSize: 1, pageToken: 'next' },
    ]);
    sidecar.answer('listBatches', ListBatchesResponse.fromPartial({ batches: [{ id: 'b-2' }] }));
    expect((await lines('batch list'))[1]?.split(/ {2,}/)).toEqual(['b-2', '0', '0', '0']);
  });

  it.each([
    ['', { execution: BatchExecution.UNSPECIFIED, maxCost: undefined, displayName: '' }],
    ['--execution local', { execution: BatchExecution.LOCAL }],
    ['--execution upstream', { execution: BatchExecution.UPSTREAM }],
    ['--window 1500ms', { completionWindow: { seconds: 1n, nanos: 500_000_000 } }],
    ['--max-cost 2.5', { maxCost: { currencyCode: 'USD', units: 2n, nanos: 500_000_000 } }],
    ['--idempotency-key k --validate-only', { idempotencyKey: 'k', validateOnly: true }],
  ])('create %s sends its options and then the items', async (argv, options) => {
    const batch = { id: 'b-1', state: BatchState.QUEUED };
    sidecar.answer('createBatch', CreateBatchResponse.fromPartial({ batch }));
    expect(await run(`batch create ${items} ${argv}`.trim())).toEqual({
      exitCode: 0,
      out: 'b-1\n',
      err: '0 items, queued\n',
    });
    expect(sidecar.requests).toMatchObject([
      { piece: { $case: 'options', value: options } },
      { piece: { $case: 'item', value: { customId: 'a' } } },
    ]);
  });
});
