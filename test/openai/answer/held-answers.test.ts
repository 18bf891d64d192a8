import { afterEach, describe, expect, it } from '@jest/globals';
import { HeldAnswer } from '../../../src/openai/answer/held-answers.ts';

const MIB = 2 ** 20;
const answers: HeldAnswer[] = [];

// They share what there is with all other tests of this process.
afterEach(() => {
  for (const answer of answers.splice(0)) answer.release();
});

function open(weight: number): HeldAnswer {
  const answer = new HeldAnswer();
  answers.push(answer);
  answer.grow(weight);
  return answer;
}

describe('answers that come at the same time', () => {
  it('fail as they grow large where there is no room for all of them', () => {
    for (let answer = 0; answer < 4; answer += 1) open(16 * MIB - 2048);
    expect(() => open(MIB)).toThrow('too large beside those');
  });

  it('do not fail while they are small, whatever others take', () => {
    for (let answer = 0; answer < 4; answer += 1) open(16 * MIB - 2048);
    for (let answer = 0; answer < 100; answer += 1) open(MIB / 8);
  });

  it('give back what they took', () => {
    for (let round = 0; round < 3; round += 1) {
      const large = Array.from({ length: 3 }, () => open(20 * MIB));
      for (const answer of large) answer.release();
    }
  });

  it('count with what they take now', () => {
    const shrinking = open(22 * MIB);
    for (let answer = 0; answer < 2; answer += 1) open(18 * MIB);
    expect(() => open(18 * MIB)).toThrow('too large beside those');
    answers.pop()?.release();
    shrinking.grow(MIB);
    open(18 * MIB);
  });
});
