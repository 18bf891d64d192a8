import { describe, expect, it } from '@jest/globals';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import { AnswerQuality } from '../../../src/provider/observe/answer-quality.ts';
import { meetsSchema } from '../../../src/provider/observe/meets-schema.ts';
import { cpuMs } from '../../support/cpu-ms.ts';
import { completed, text } from '../../support/events.ts';

const SCHEMA = JSON.stringify({
  type: 'object',
  properties: {
    steps: { type: 'array', items: { $ref: '#/$defs/step' } },
    kind: { enum: ['a', 'b'] },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  },
  required: ['steps', 'kind', 'note'],
  additionalProperties: false,
  $defs: { step: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
});

function faults(events: readonly AnswerEvent[], end: Completed, schema?: string) {
  const quality = new AnswerQuality(
    schema === undefined ? undefined : { type: 'json_schema', name: 'x', schema },
  );
  for (const event of events) quality.see(event);
  return quality.faults(end);
}

const call = (args: string, kind?: 'custom') => ({
  id: 'call_1',
  name: 'look',
  arguments: args,
  ...(kind && { kind }),
});

describe('the faults of an answer', () => {
  it.each([
    ['none', [text('fine')], completed(), []],
    ['a refusal', [{ type: 'refusalDelta', text: 'no' }], completed(), ['refusal']],
    ['nothing at all', [], completed(), ['empty']],
    ['nothing, but cut', [], completed({ finishReason: 'length' }), []],
    ['a call', [], completed({ finishReason: 'tool_calls', toolCalls: [call('{}')] }), []],
    [
      'arguments that are no JSON',
      [],
      completed({ toolCalls: [call('{"a"')] }),
      ['tool_arguments'],
    ],
    ['no arguments', [], completed({ toolCalls: [call('')] }), []],
    ['text for a custom tool', [], completed({ toolCalls: [call('ls -l', 'custom')] }), []],
  ] as const)('%s', (_, events, end, expected) => {
    expect(faults(events, end)).toEqual(expected);
  });

  it.each([
    ['{"steps":[{"n":1}],"kind":"a","note":null}', true],
    ['{"steps":[],"kind":"b","note":"x"}', true],
    ['{"steps":[{"n":1.5}],"kind":"a","note":null}', false],
    ['{"steps":[{}],"kind":"a","note":null}', false],
    ['{"steps":[],"kind":"c","note":null}', false],
    ['{"steps":[],"kind":"a","note":7}', false],
    ['{"steps":[],"kind":"a"}', false],
    ['{"steps":[],"kind":"a","note":null,"more":1}', false],
    ['{"steps":[]', false],
    ['[]', false],
  ])('%s against its schema', (answer, meets) => {
    expect(meetsSchema(answer, SCHEMA)).toBe(meets);
    expect(faults([text(answer)], completed(), SCHEMA)).toEqual(meets ? [] : ['schema']);
  });

  it('holds a cut answer against no schema, and knows no end to a schema that refers to itself', () => {
    expect(faults([text('{"a')], completed({ finishReason: 'length' }), SCHEMA)).toEqual([]);
    expect(meetsSchema('{}', '{"$ref":"#"}')).toBe(true);
    expect(meetsSchema('{}', 'no schema')).toBe(true);
  });

  it.each<[string, string, object]>([
    ['a schema that is made of itself', '{}', { allOf: Array(3).fill({ $ref: '#' }) }],
    [
      'items that are compared with many values',
      JSON.stringify(Array(20_000).fill(1)),
      {
        items: { enum: [...Array(20_000).keys()].reverse() },
      },
    ],
    [
      'a long value that is compared again and again',
      JSON.stringify('x'.repeat(200_000)),
      {
        anyOf: Array(2_000).fill({ const: 1 }),
      },
    ],
    [
      'objects that lack what is required',
      JSON.stringify(Array(10_000).fill({ b: 1 })),
      {
        items: { required: [...Array(10_000).fill('b'), 'a'] },
      },
    ],
  ])('takes a while at most: %s', (_, answer, schema) => {
    const took = cpuMs(() => meetsSchema(answer, JSON.stringify(schema)));
    expect(took).toBeLessThan(1_000);
  });

  it('says nothing of arguments that are too long to be looked at', () => {
    const long = '['.repeat(256 * 1024 + 1);
    expect(faults([], completed({ toolCalls: [call(long), call('{"a"')] }))).toEqual([]);
  });
});
