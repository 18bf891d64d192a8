import { describe, expect, it } from '@jest/globals';
import type { ToolCallDelta } from '../../src/core/events.ts';
import { ChatToolCalls, type ToolCallFragment } from '../../src/openai/chat-tool-calls.ts';
import { ToolCalls } from '../../src/openai/tool-calls.ts';

const TOOLS: ReadonlySet<string> = new Set(['f', 'g', 'get_weather']);

/** An id that the server left out. */
const INVENTED = expect.stringMatching(/^call_[0-9a-f]{24}$/);

function assemble(fragments: readonly ToolCallFragment[], tools = TOOLS) {
  const deltas: ToolCallDelta[] = [];
  const calls = new ToolCalls(
    (event) => deltas.push(event),
    (name) => tools.has(name),
  );
  const chat = new ChatToolCalls(calls);
  for (const fragment of fragments) chat.add(fragment);
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
      fragment(0, '"\ud83d', 'a', 'f'),
      fragment(0, '\udc4d\ud83d'),
      fragment(1, '""', 'b', 'g'),
    ]);
    expect(deltas).toEqual([
      delta(0, '"', 'a', 'f'),
      delta(0, '👍'),
      delta(1, '""', 'b', 'g'),
      delta(0, '\ufffd'),
    ]);
    expect(toolCalls[0]?.arguments).toBe('"👍\ufffd');
  });
});
