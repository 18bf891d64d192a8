import { describe, expect, it } from '@jest/globals';
import { AnswerEvents } from '../../../src/openai/answer/events.ts';
import { aCall } from '../../support/events.ts';

/** What an answer of one piece of so many characters is counted with, in bytes. */
function weightOf(say: (answer: AnswerEvents) => void, characters: number): number {
  const answer = new AnswerEvents(aCall(), () => {});
  answer.count(characters);
  say(answer);
  return answer.weight;
}

const say = {
  text: (answer: AnswerEvents, piece: string) => answer.text(piece),
  reasoning: (answer: AnswerEvents, piece: string) => answer.reasoning(piece),
  refusal: (answer: AnswerEvents, piece: string) => answer.refusal(piece),
  'arguments of a tool': ({ tools }: AnswerEvents, piece: string) =>
    tools.add(tools.begin(), { id: 'a', name: 'look', arguments: piece }),
};

describe('what is kept of an answer', () => {
  it.each(Object.entries(say))('counts with the bytes of its letters: %s', (_what, piece) => {
    expect(weightOf((answer) => piece(answer, 'aé'), 2)).toBe(4);
    expect(weightOf((answer) => piece(answer, 'a字'), 2)).toBe(8);
  });
});
