import { describe, expect, it } from '@jest/globals';
import { ERROR_KINDS } from '../../../src/core/error-kinds.ts';
import * as wireError from '../../../src/gen/tamma/provider/v1/error.ts';
import * as wireEvent from '../../../src/gen/tamma/provider/v1/event.ts';
import * as wireMessage from '../../../src/gen/tamma/provider/v1/message.ts';
import * as enums from '../../../src/server/convert/enums.ts';

const TABLES: [string, Record<string, number>, Record<string, number>][] = [
  ['ErrorReason', enums.ERROR_REASON, wireError.ErrorReason],
  ['TimeoutPhase', enums.TIMEOUT_PHASE, wireError.TimeoutPhase],
  ['FinishReason', enums.FINISH_REASON, wireEvent.FinishReason],
  ['StreamRecovery', enums.STREAM_RECOVERY, wireEvent.StreamRecovery],
  ['Role', enums.ROLE, wireMessage.Role],
  ['ImageDetail', enums.IMAGE_DETAIL, wireMessage.ImageDetail],
  ['ToolChoiceMode', enums.TOOL_CHOICE_MODE, wireMessage.ToolChoiceMode],
  ['TaskType', enums.TASK_TYPE, wireMessage.TaskType],
  ['CacheMode', enums.CACHE_MODE, wireMessage.CacheMode],
  ['ContextPolicy', enums.CONTEXT_POLICY, wireMessage.ContextPolicy],
];

describe.each(TABLES)('%s', (_name, table, wire) => {
  it('has a name for every number of the contract but UNSPECIFIED', () => {
    const numbers = Object.values(wire).filter((number) => number !== 0);
    expect(Object.values(table).sort()).toEqual(numbers.sort());
  });

  it('uses the names of the contract', () => {
    const named = Object.entries(table).map(([name, number]) => [name.toUpperCase(), number]);
    expect({ UNSPECIFIED: 0, ...Object.fromEntries(named) }).toEqual({ ...wire });
  });

  it('finds each name again by its number', () => {
    for (const [name, number] of Object.entries(table)) {
      expect(enums.nameOf(table, number)).toBe(name);
    }
  });

  it('knows no name for UNSPECIFIED and numbers of the future', () => {
    expect(enums.nameOf(table, 0)).toBeUndefined();
    expect(enums.nameOf(table, 999)).toBeUndefined();
    expect(enums.nameOf(table, -1)).toBeUndefined();
  });
});

it('has a number for every kind of error', () => {
  expect(Object.keys(enums.ERROR_REASON)).toEqual(Object.keys(ERROR_KINDS));
});
