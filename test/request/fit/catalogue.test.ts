import { describe, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../../src/core/message.ts';
import type { Surface } from '../../../src/core/model.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { fitToModel } from '../../../src/request/fit/fit-to-model.ts';

const EVERYTHING: MessageRequest = {
  messages: [{ role: 'user', content: 'Hello' }],
  temperature: 0.5,
  topP: 0.5,
  frequencyPenalty: 1,
  presencePenalty: 1,
  seed: 1,
  logitBias: { 1: 1 },
  prediction: 'code',
  reasoningEffort: 'medium',
  verbosity: 'low',
};

const ANSWERING = builtInCatalogue().models.filter(({ surfaces }) => surfaces.length > 0);

describe.each(ANSWERING.map((model) => [model.id, model] as const))('%s', (_, model) => {
  it.each(model.surfaces)('is sent nothing over %s that it rejects', (surface: Surface) => {
    const refused: string[] = [];
    const { request } = fitToModel(
      EVERYTHING,
      { model, surface },
      { unsupported: (field) => refused.push(field) },
      { dropUnsupported: true },
    );
    expect(refused).toEqual([]);
    const { efforts, defaultEffort } = model.reasoning;
    const effort = request.reasoningEffort ?? defaultEffort;
    if (request.reasoningEffort !== undefined && efforts.length > 0) {
      expect(efforts).toContain(effort);
    }
    const accepted = effort === 'none' ? model.acceptsWithoutReasoning : [];
    for (const name of model.rejects) {
      if (!accepted.includes(name)) expect(request).not.toHaveProperty(name);
    }
  });
});
