import { describe, expect, it, jest } from '@jest/globals';
import type { ToolCallDelta } from '../../../src/core/events.ts';
import { ToolCalls } from '../../../src/openai/answer/tool-calls.ts';
import { ChatToolCalls, type ToolCallFragment } from '../../../src/openai/chat/tool-calls.ts';

const TOOLS: ReadonlySet<string> = new Set(['f', 'g', 'get_weather']);

/** An id that the server left out. */
const INVENTED = expect.stringMatching(/^call_[0-9a-f]{24}$/);

function assemble(
  fragments: readonly ToolCallFragment[],
  tools = TOOLS,
  whole: readonly ToolCallFragment[] = [],
) {
  const deltas: ToolCallDelta[] = [];
  const calls = new ToolCalls(
    (event) => deltas.push(event),
    (name) => tools.has(name),
  );
  const chat = new ChatToolCalls(calls);
  for (const fragment of fragments) chat.add(fragment);
  whole.forEach((fragment, place) => {
    chat.addWhole(fragment, place);
  });
  calls.end();
  return { deltas, toolCalls: calls.all };
}

const fragment = (
  index: number | undefined,
  args: string,
  id?: string,
  name?: string,
): ToolCallFragment => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  function: { ...(name === undefined ? {} : { name }), arguments: args },
});

const delta = (index: number, argumentsFragment: string, id = '', name = '') => ({
  type: 'toolCallDelta',
  index,
  id,
  name,
  argumentsFragment,
});

describe('ChatToolCalls', () => {
  it.each([
    'functions.f',
    'default_api.f',
    'default_api:f',
    'f<|channel|>commentary',
    'functions.f<|constrain|>json',
    ' f\n',
  ])('understands %s as the tool that it means', (name) => {
    const { deltas, toolCalls } = assemble([fragment(0, '', 'a', name), fragment(0, '{}')]);
    expect(deltas).toEqual([delta(0, '{}', 'a', 'f')]);
    expect(toolCalls).toMatchObject([{ id: 'a', name: 'f', arguments: '{}' }]);
  });

  it.each([['h\n\n'], ['\th'], [' h ']])(
    'tells the name of no tool without what is around it: %j',
    (name) => {
      expect(assemble([fragment(0, '{}', 'a', name)]).toolCalls).toMatchObject([{ name: 'h' }]);
    },
  );

  it.each(['functions.h', 'f.f', 'my.functions.f', '<|f|>'])('leaves %s as it is', (name) => {
    expect(assemble([fragment(0, '{}', 'a', name)]).toolCalls).toMatchObject([{ name }]);
  });

  it.each([
    ['"{\\"x\\":\\"\\u00e9\\"}"', '{"x":"\u00e9"}'],
    ['"{}"', '{}'],
    ['"[1]"', '"[1]"'],
    ['"{hello}"', '"{hello}"'],
    ['"{\\"x\\":', '"{\\"x\\":'],
  ])('tells the object that a JSON string of arguments holds: %s', (said, args) => {
    const pieces = [said.slice(0, 3), said.slice(3, 9), said.slice(9)];
    for (const first of ['', ...pieces.slice(0, 1)]) {
      const rest = first === '' ? pieces : pieces.slice(1);
      const fragments = [fragment(0, first, 'a', 'f'), ...rest.map((piece) => fragment(0, piece))];
      const { deltas, toolCalls } = assemble(fragments);
      expect(deltas).toEqual([delta(0, '', 'a', 'f'), delta(0, args)]);
      expect(toolCalls).toMatchObject([{ name: 'f', arguments: args }]);
    }
  });

  it('looks into no more than 256 Ki characters of such strings: what stands in braces counts', () => {
    const text = `{${'['.repeat(256 * 1024)}} `;
    const said = ['a', 'b'].map((id, at) => fragment(at, JSON.stringify(text), id, 'f'));
    const parse = jest.spyOn(JSON, 'parse');
    const { toolCalls } = assemble(said);
    const parsed = parse.mock.calls.filter(([parsed]) => parsed === text);
    parse.mockRestore();
    expect(toolCalls).toMatchObject([{ arguments: text }, { arguments: text }]);
    expect(parsed).toEqual([]);
  });

  it('takes a tool of the request by its whole name', () => {
    const tools = new Set(['f', 'functions.f']);
    const { toolCalls } = assemble([fragment(0, '{}', 'a', 'functions.f')], tools);
    expect(toolCalls).toMatchObject([{ name: 'functions.f' }]);
  });

  it('puts parallel calls together by their index', () => {
    const { deltas, toolCalls } = assemble([
      fragment(0, '', 'a', 'f'),
      fragment(0, '{"x":'),
      fragment(1, '', 'b', 'g'),
      fragment(0, ' 1.0}'),
      fragment(1, '[]'),
    ]);
    expect(deltas).toEqual([
      delta(0, '', 'a', 'f'),
      delta(0, '{"x":'),
      delta(1, '', 'b', 'g'),
      delta(0, ' 1.0}'),
      delta(1, '[]'),
    ]);
    expect(toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{"x": 1.0}' },
      { id: 'b', name: 'g', arguments: '[]' },
    ]);
  });

  it('tells parallel calls apart that a server numbers all alike', () => {
    const { toolCalls } = assemble([
      fragment(0, '{}', 'a', 'f'),
      fragment(0, '{"b"', 'b', 'g'),
      fragment(0, ':1}'),
    ]);
    expect(toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
      { id: 'b', name: 'g', arguments: '{"b":1}' },
    ]);
  });

  it('tells id and name once although a server repeats them', () => {
    const { deltas, toolCalls } = assemble([
      fragment(0, '{', 'a', 'f'),
      fragment(0, '}', 'a', 'f'),
    ]);
    expect(deltas).toEqual([delta(0, '{', 'a', 'f'), delta(0, '}')]);
    expect(toolCalls).toEqual([{ id: 'a', name: 'f', arguments: '{}' }]);
  });

  it('tells an id that comes late', () => {
    expect(assemble([fragment(0, '{', '', 'f'), fragment(0, '}', 'a')]).toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
    ]);
  });

  it('goes by the id where there is no index', () => {
    const { toolCalls } = assemble([
      fragment(undefined, '{', 'a', 'f'),
      fragment(undefined, '[', 'b', 'g'),
      fragment(undefined, '}', 'a'),
      fragment(undefined, ']', 'b'),
    ]);
    expect(toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
      { id: 'b', name: 'g', arguments: '[]' },
    ]);
  });

  it('goes by the name where there is neither index nor id', () => {
    const { toolCalls } = assemble([
      fragment(undefined, '{', undefined, 'f'),
      fragment(undefined, '}'),
      fragment(undefined, '[]', undefined, 'g'),
    ]);
    expect(toolCalls).toEqual([
      { id: INVENTED, name: 'f', arguments: '{}' },
      { id: INVENTED, name: 'g', arguments: '[]' },
    ]);
  });

  it('takes arguments whose begin it never saw', () => {
    expect(assemble([fragment(undefined, '{}')]).toolCalls).toEqual([
      { id: INVENTED, name: '', arguments: '{}' },
    ]);
  });

  it('numbers calls by their first appearance, whatever the upstream counts', () => {
    const { deltas } = assemble([fragment(3, '', 'a', 'f'), fragment(7, '', 'b', 'g')]);
    expect(deltas).toEqual([delta(0, '', 'a', 'f'), delta(1, '', 'b', 'g')]);
  });

  it('says nothing where a fragment adds nothing', () => {
    expect(assemble([{ index: 0, id: 'a', function: null }, { index: 0 }]).deltas).toEqual([
      delta(0, '', 'a'),
      undefined,
    ]);
  });

  it('cuts arguments between characters only, also at the end', () => {
    const { deltas, toolCalls } = assemble([
      fragment(0, '["\ud83d', 'a', 'f'),
      fragment(0, '\udc4d\ud83d'),
      fragment(1, '[]', 'b', 'g'),
    ]);
    expect(deltas).toEqual([
      delta(0, '["', 'a', 'f'),
      delta(0, '👍'),
      delta(1, '[]', 'b', 'g'),
      delta(0, '\ufffd'),
    ]);
    expect(toolCalls[0]?.arguments).toBe('["👍\ufffd');
  });
});

describe('ChatToolCalls, where servers say little', () => {
  const of = (...calls: readonly (readonly [id: unknown, name: string, args: string])[]) =>
    calls.map(([id, name, args]) => ({ id, name, arguments: args }));

  it.each<[string, readonly ToolCallFragment[], readonly object[]]>([
    [
      'begins another call with arguments behind a name that came again',
      [
        fragment(undefined, '{}', undefined, 'f'),
        fragment(undefined, '', undefined, 'f'),
        fragment(undefined, '{"x":1}'),
      ],
      of([INVENTED, 'f', '{}'], [INVENTED, 'f', '{"x":1}']),
    ],
    [
      'begins none with a name that came again alone',
      [fragment(undefined, '{}', undefined, 'f'), fragment(undefined, '', undefined, 'f')],
      of([INVENTED, 'f', '{}']),
    ],
    [
      'begins another call with the same name under a new id',
      [fragment(0, '{}', 'a', 'f'), fragment(0, '', 'b', 'f'), fragment(0, '[]')],
      of(['a', 'f', '{}'], ['b', 'f', '[]']),
    ],
    [
      'begins another call under a new id before the first has arguments',
      [fragment(0, '', 'a', 'f'), fragment(0, '', 'b', 'f')],
      of(['a', 'f', ''], ['b', 'f', '']),
    ],
    [
      'takes nothing for a piece of a name that is a tool',
      [fragment(0, '', '', 'f'), fragment(0, '', '', '_x'), fragment(0, '{}', 'a')],
      of(['a', 'f', '{}']),
    ],
    [
      'adds what is new where all so far is said each time',
      [
        fragment(0, '{', 'a', 'f'),
        fragment(0, '{"x":'),
        fragment(0, '{"x":'),
        fragment(0, '{"x":[1,'),
        fragment(0, '{"x":[1,2]}'),
        fragment(0, '{"x":[1,2]}'),
      ],
      of(['a', 'f', '{"x":[1,2]}']),
    ],
    [
      'takes an object in an object that begins like it for one',
      [fragment(0, '{"x":', 'a', 'f'), fragment(0, '{"x":1}}')],
      of(['a', 'f', '{"x":{"x":1}}']),
    ],
    [
      'adds no arguments that are all there, and others',
      [
        fragment(0, '{"x":1}', 'a', 'f'),
        fragment(0, '{"x":1}'),
        fragment(0, '"{\\"x\\":1}"', 'a', 'f'),
        fragment(1, '{"x":', 'b', 'f'),
        fragment(1, '{"x":'),
      ],
      of(['a', 'f', '{"x":1}'], ['b', 'f', '{"x":{"x":']),
    ],
    [
      'sees no end of arguments in a text',
      [
        fragment(undefined, '{"a":"}\\"}', undefined, 'f'),
        fragment(undefined, '"}'),
        fragment(undefined, '[]', undefined, 'g'),
      ],
      of([INVENTED, 'f', '{"a":"}\\"}"}'], [INVENTED, 'g', '[]']),
    ],
  ])('%s', (_what, fragments, calls) => {
    expect(assemble(fragments).toolCalls).toEqual(calls);
  });

  it('knows no end of the text that a custom tool takes', () => {
    const custom = (id: string, name: string, input: string) => ({ id, custom: { name, input } });
    const { toolCalls } = assemble([
      custom('a', 'f', '{}'),
      { custom: { input: '{}' } },
      custom('b', 'g', '{'),
      { custom: { input: '{{' } },
    ]);
    expect(toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{}{}', kind: 'custom' },
      { id: 'b', name: 'g', arguments: '{{{', kind: 'custom' },
    ]);
  });
});

describe('a whole call, behind its deltas', () => {
  const EMPTY = { function: { name: 'f', arguments: '', withoutArguments: true } };

  it.each<[string, readonly ToolCallFragment[], readonly ToolCallFragment[], readonly object[]]>([
    [
      'adds what was missing',
      [fragment(0, '{"x"', 'a', 'f')],
      [fragment(0, '{"x":1}', 'a', 'f')],
      [{ id: 'a', name: 'f', arguments: '{"x":1}' }],
    ],
    [
      'takes nothing back that came otherwise',
      [fragment(0, '{"x":1}', 'a', 'f')],
      [fragment(0, '{"x": 1, "y": 2}', 'a', 'f')],
      [{ id: 'a', name: 'f', arguments: '{"x":1}' }],
    ],
    [
      'is known by its place and name where it has no id',
      [fragment(0, '[]', 'a', 'f')],
      [fragment(0, '[]', '', 'f'), fragment(1, '{}', '', 'g')],
      [
        { id: 'a', name: 'f', arguments: '[]' },
        { id: INVENTED, name: 'g', arguments: '{}' },
      ],
    ],
    [
      'is another one where its name is another',
      [fragment(0, '[]', 'a', 'f')],
      [fragment(0, '{}', 'b', 'g')],
      [
        { id: 'a', name: 'f', arguments: '[]' },
        { id: 'b', name: 'g', arguments: '{}' },
      ],
    ],
    ['has empty arguments', [], [{ id: 'a', ...EMPTY }], [{ id: 'a', name: 'f', arguments: '{}' }]],
    ['is none if it says nothing', [], [{}], []],
  ])('%s', (_what, fragments, whole, calls) => {
    expect(assemble(fragments, TOOLS, whole).toolCalls).toEqual(calls);
  });
});

describe('ToolCalls', () => {
  it('knows nothing of a call that has not begun, and adds nothing to it', () => {
    const deltas: ToolCallDelta[] = [];
    const calls = new ToolCalls(
      (event) => deltas.push(event),
      () => false,
    );
    calls.add(0, { id: 'a', name: 'f', arguments: '{}' });
    calls.setFallback(0, '{}');
    calls.setProviderData(0, '{}');
    calls.end();
    expect([calls.idOf(0), calls.nameOf(0), calls.argumentsOf(0)]).toEqual(['', '', '']);
    expect(calls.isComplete(0)).toBe(false);
    expect([deltas, calls.all]).toEqual([[], []]);
  });

  it('refuses an answer of calls without end', () => {
    const calls = new ToolCalls(
      () => {},
      () => false,
    );
    expect(() => {
      for (let n = 0; n < 100_000; n += 1) calls.begin();
    }).toThrow(expect.objectContaining({ reason: 'SERVICE_UNAVAILABLE' }));
  });
});
