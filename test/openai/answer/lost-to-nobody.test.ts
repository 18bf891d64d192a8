import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall } from '../../support/events.ts';
import { CREATED, ended } from '../responses/responses-events.ts';

/**
 * Holds what is read against the types of the openai package as installed: each kind of item and each event
 * must reach the caller or the operator, or stand here with the reason why it need not.
 */
const TYPES = readFileSync(
  join(import.meta.dirname, '../../../node_modules/openai/resources/responses/responses.d.ts'),
  'utf8',
);

/** The `type` of each member of a union. */
function membersOf(union: string): string[] {
  const members = new RegExp(`^export type ${union} = (.+);$`, 'm').exec(TYPES)?.[1] ?? '';
  return members.split(' | ').map(typeOf);
}

function typeOf(name: string): string {
  const own = name.split('.').at(-1) ?? '';
  const nested = name.includes('.') ? `declare namespace ${name.split('.')[0]} {` : '';
  const body = TYPES.slice(Math.max(TYPES.indexOf(nested), 0));
  const found = new RegExp(`^ *(?:export )?interface ${own}(?: extends (\\w+))? \\{`, 'm').exec(
    body,
  );
  if (found?.[1] !== undefined) return typeOf(found[1]);
  const type = /^ *type: '([^']+)'/m.exec(body.slice(found?.index))?.[1];
  if (found === null || type === undefined) throw new Error(`no type of ${name}`);
  return type;
}

/** What reaches the caller and the operator. */
function toldOf(...sent: readonly object[]) {
  const events: ProviderEvent[] = [];
  const unknown: string[] = [];
  const call = aCall({ onUnknown: (kind, name) => void unknown.push(`${kind} ${name}`) });
  const stream = new ResponsesStream(call, (event) => events.push(event));
  for (const event of sent) stream.read('', JSON.stringify(event));
  const completed = stream.finished
    ? stream.end({ queueMs: 0, backoffMs: 0, totalMs: 0 })
    : undefined;
  return { told: events.filter(({ type }) => type !== 'started'), unknown, completed };
}

/** Fields of all of them. */
const ITEM = {
  id: 'item_1',
  call_id: 'call_1',
  name: 'tool',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
  arguments: '{}',
  input: 'x',
  operation: { type: 'delete_file', path: 'a' },
  action: { commands: ['ls'] },
  encrypted_content: 'gAAA',
  summary: [],
  result: 'aGk=',
};

/** Events that say what others say, too, and when: their item comes whole, or their part does. */
const SAID_ELSEWHERE = [
  /^response\.(?:created|queued|in_progress|completed|incomplete)$/,
  /^response\.(?:content_part|output_item)\.added$/,
  /^response\.reasoning_summary_part\.added$/,
  // Pieces of calls that come whole in their item.
  /^response\.(?:code_interpreter_call_code|mcp_call_arguments|shell_call_command)\./,
  /^response\.image_generation_call\.partial_image$/,
  // Only of a shell that the upstream runs, which is not asked for; its item is told.
  /^response\.shell_call_output_content\./,
  // The item follows.
  /^response\.compaction\.compacting$/,
  // Sound is not asked for.
  /^response\.audio\./,
];

/** The call fails by them, which other tests show. */
const ENDS_BADLY = ['error', 'response.failed'];

const EVENT = {
  item_id: 'item_1',
  output_index: 0,
  content_index: 0,
  summary_index: 0,
  annotation_index: 0,
  annotation: { type: 'url_citation', url: 'https://a.test', title: 'A' },
  delta: 'x',
  text: 'x',
  refusal: 'x',
  arguments: '{}',
  input: 'x',
  part: { type: 'output_text', text: 'x' },
  item: { ...ITEM, type: 'message' },
};

describe('what the types of the openai package know', () => {
  const items = membersOf('ResponseOutputItem');
  const events = membersOf('ResponseStreamEvent').filter((type) => !ENDS_BADLY.includes(type));

  it('is found', () => {
    expect(items.length).toBeGreaterThan(20);
    expect(new Set(items).size).toBe(items.length);
    expect(events.length).toBeGreaterThan(50);
  });

  describe.each(items)('an item %s', (type) => {
    const item = { ...ITEM, type };

    it.each([
      ['as it ends', [{ type: 'response.output_item.done', output_index: 0, item }, {}]],
      ['with the whole answer', [{}, { output: [item] }]],
    ] as const)('reaches the caller %s', (_how, [event, whole]) => {
      const sent = 'type' in event ? [CREATED, event] : [CREATED];
      const { told, completed } = toldOf(...sent, ended('completed', whole));
      expect(told.length + (completed?.reasoningItems.length ?? 0)).toBeGreaterThan(0);
    });
  });

  it.each(events)('an event %s is told, or says what others say', (type) => {
    // Pieces of a call are told once its name is known.
    const call = { ...ITEM, type: 'function_call', arguments: '' };
    const begins = { type: 'response.output_item.added', output_index: 0, item: call };
    const before = /arguments|_input/.test(type) ? [CREATED, begins] : [CREATED];
    const { told, unknown } = toldOf(...before, { ...EVENT, type });
    const reaches =
      told.length > toldOf(...before).told.length || unknown.includes(`event ${type}`);
    expect(reaches).toBe(!SAID_ELSEWHERE.some((pattern) => pattern.test(type)));
  });
});
