import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/core/message.ts';
import { droppableUnits } from '../../../src/request/context/units.ts';

const says = (role: Message['role']): Message => ({ role, content: 'x' });
const calls = (...ids: string[]): Message => ({
  role: 'assistant',
  content: '',
  toolCalls: ids.map((id) => ({ id, name: 'f', arguments: '{}' })),
});
const result = (toolCallId: string): Message => ({ role: 'tool', content: 'x', toolCallId });

const S = says('system');
const D = says('developer');
const U = says('user');
const A = says('assistant');

describe('droppableUnits', () => {
  it.each<[string, Message[], number[][]]>([
    ['each message before the last of the user', [U, A, U, A, U], [[0], [1], [2], [3]]],
    ['no instructions, wherever they stand', [S, U, D, A, S, U], [[1], [3]]],
    [
      'the calls of the turn that runs, but not its last message',
      [U, A, U, calls('a'), result('a'), calls('b'), result('b')],
      [[0], [1], [3, 4]],
    ],
    [
      'calls and their results together',
      [calls('a', 'b'), result('b'), result('a'), U],
      [[0, 1, 2]],
    ],
    [
      'calls and results with something between them',
      [calls('a', 'b'), result('a'), U, result('b'), A, U],
      [[0, 1, 3], [2], [4]],
    ],
    [
      'results with the latest call of their id',
      [calls('a'), result('a'), calls('a'), result('a'), result('a'), U],
      [
        [0, 1],
        [2, 3, 4],
      ],
    ],
    ['no calls whose result must stay', [U, calls('a', 'b'), result('a'), U, result('b')], [[0]]],
    ['a result without a call', [result('a'), { role: 'tool', content: '' }, U], [[0], [1]]],
    ['all but the last message if the user said nothing', [S, A, A, D], [[1]]],
    ['all but the last unit if the user said nothing', [A, calls('a'), result('a')], [[0]]],
    ['nothing of instructions alone', [S, D], []],
    ['nothing of nothing', [], []],
  ])('holds %s', (_, messages, positions) => {
    const units = droppableUnits(messages);
    expect(units.map((unit) => unit.positions)).toEqual(positions);
    for (const unit of units) {
      expect(unit.messages).toEqual(unit.positions.map((position) => messages[position]));
    }
  });
});
