import { describe, expect, it } from '@jest/globals';
import { EventBuffer } from '../../src/core/event-buffer.ts';
import type { ProviderEvent } from '../../src/core/events.ts';
import { started, text } from '../support/events.ts';

function drained(buffer: EventBuffer): ProviderEvent[] {
  const events: ProviderEvent[] = [];
  for (let event = buffer.shift(); event !== undefined; event = buffer.shift()) events.push(event);
  return events;
}

describe('EventBuffer', () => {
  it('keeps the order, and joins adjacent deltas of a kind', () => {
    const buffer = new EventBuffer();
    for (const event of [started(), text('a', 1), text('b', 2)]) buffer.push(event);
    buffer.push({ type: 'reasoningDelta', text: 'r' });
    buffer.push(text('c', 3));
    expect(drained(buffer)).toEqual([
      started(),
      text('ab', 2),
      { type: 'reasoningDelta', text: 'r' },
      text('c', 3),
    ]);
    expect(buffer.isEmpty).toBe(true);
    expect(buffer.weight).toBe(0);
  });

  it('joins no text of different phases', () => {
    const buffer = new EventBuffer();
    const said = (phase: string, words: string) => ({ ...text(words, 1), phase });
    const pieces = [said('commentary', 'a'), said('commentary', 'b'), said('final_answer', 'c')];
    for (const event of [...pieces, text('d', 1)]) buffer.push(event);
    expect(drained(buffer)).toEqual([
      said('commentary', 'ab'),
      said('final_answer', 'c'),
      text('d', 1),
    ]);
  });

  it('joins nothing with what was taken already', () => {
    const buffer = new EventBuffer();
    buffer.push(text('a', 1));
    buffer.push(started());
    expect(buffer.shift()).toEqual(text('a', 1));
    buffer.push(text('b', 2));
    expect(drained(buffer)).toEqual([started(), text('b', 2)]);
  });

  it('cuts an event of 32 MiB into pieces of 64 Ki characters', () => {
    const buffer = new EventBuffer();
    const whole = 'x'.repeat(32 * 1024 * 1024);
    buffer.push(text(whole, 1));
    expect(buffer.weight).toBeGreaterThan(whole.length);
    const pieces = drained(buffer).map((event) => (event.type === 'textDelta' ? event.text : ''));
    expect(Math.max(...pieces.map(({ length }) => length))).toBe(64 * 1024);
    expect(pieces.join('') === whole).toBe(true);
  });

  it('weighs events beside their text, and nothing once it is cleared', () => {
    const buffer = new EventBuffer();
    buffer.push(started());
    buffer.push(text('abc', 1));
    expect(buffer.weight).toBe(64 + 64 + 3);
    buffer.clear();
    expect([buffer.weight, buffer.isEmpty]).toEqual([0, true]);
  });
});
