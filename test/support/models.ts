import { type Model, unknownModel } from '../../src/core/model.ts';

/** Models with what a test says of them, nothing else being known. */

export type ModelFacts = Partial<Omit<Model, 'supports' | 'reasoning'>> & {
  readonly supports?: Partial<Model['supports']>;
  readonly reasoning?: Partial<Model['reasoning']>;
};

export function aModel({ supports, reasoning, ...facts }: ModelFacts = {}): Model {
  const unknown = unknownModel('gpt-test');
  return {
    ...unknown,
    ...facts,
    supports: { ...unknown.supports, ...supports },
    reasoning: { ...unknown.reasoning, ...reasoning },
  };
}

/** Rejects sampling parameters unless its effort is none, which is not its default. */
export function aReasoningModel({ reasoning, ...facts }: ModelFacts = {}): Model {
  return aModel({
    rejects: ['temperature', 'topP', 'frequencyPenalty', 'presencePenalty', 'logitBias'],
    acceptsWithoutReasoning: ['temperature', 'topP'],
    maxOutputTokens: 128_000,
    instructionRole: 'developer',
    ...facts,
    reasoning: {
      isReasoning: true,
      efforts: ['none', 'low', 'medium', 'high'],
      defaultEffort: 'medium',
      ...reasoning,
    },
  });
}
