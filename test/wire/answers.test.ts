import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../src/core/events.ts';
import { answerOf, CASE_FILES, readCase } from './case.ts';

/** What the deltas add up to, which must be what `completed` says. */
function fold(events: readonly ProviderEvent[]) {
  const said = { text: '', commentary: '', reasoning: '', refusal: '' };
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const event of events) {
    if (event.type === 'textDelta')
      said[event.phase === 'commentary' ? 'commentary' : 'text'] += event.text;
    if (event.type === 'reasoningDelta') said.reasoning += event.text;
    if (event.type === 'refusalDelta') said.refusal += event.text;
    if (event.type === 'toolCallDelta') {
      calls[event.index] ??= { id: event.id, name: event.name, arguments: '' };
      const call = calls[event.index];
      if (call) call.arguments += event.argumentsFragment;
    }
  }
  return { said, calls };
}

describe('answers as servers really send them', () => {
  it.each(CASE_FILES)('%s', async (file) => {
    const one = readCase(file);
    const { outcome } = one;
    const { events, error } = await answerOf(one);
    expect(error).toBeUndefined();
    const { said, calls } = fold(events);
    const { text = '', commentary = '', reasoning = '', refusal = '' } = outcome;
    expect(said).toEqual({ text, commentary, reasoning, refusal });
    const completed = events.at(-1);
    if (completed?.type !== 'completed') throw new Error('not completed');
    expect(completed.finishReason).toBe(outcome.finish);
    const expected = (outcome.toolCalls ?? []).map(([id, name, args]) => ({
      id: id.startsWith('*') ? expect.stringMatching(/^call_[0-9a-f]{24}$/) : id,
      name,
      arguments: args,
    }));
    expect(
      completed.toolCalls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    ).toEqual(expected);
    expect(calls).toEqual(expected);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
    if (outcome.usage) expect(completed.usage).toMatchObject(outcome.usage);
    const told = (type: string) =>
      events.flatMap(({ type: kind, ...event }) => (kind === type ? [event] : []));
    expect(told('annotation')).toEqual(outcome.annotations ?? []);
    if (outcome.hostedTools) {
      expect(told('hostedTool')).toEqual(outcome.hostedTools);
    }
    const { providerData } = completed;
    expect(providerData && JSON.parse(providerData)).toEqual(outcome.providerData);
    const [first] = completed.toolCalls;
    expect(first?.providerData && JSON.parse(first.providerData)).toEqual(outcome.callData);
  });

  it('are named, and said where they come from', () => {
    expect(CASE_FILES.length).toBeGreaterThanOrEqual(100);
    for (const file of CASE_FILES) {
      const { kind, source, server } = readCase(file);
      expect([kind, source, server].every((fact) => fact.length > 2)).toBe(true);
    }
  });
});
