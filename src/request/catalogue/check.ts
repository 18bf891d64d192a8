import type { Model } from '../../core/model.ts';

/** What is wrong at one place of a catalogue. */
export interface CatalogueProblem {
  /** `models[3].prices.standard.input`. */
  readonly path: string;
  /** A sentence fragment for people. */
  readonly message: string;
}

/** Tells what is wrong with a field of a model. */
export type ReportField = (field: string, message: string) => void;

/** Every name that means this model. */
export function namesOf(model: Model): readonly string[] {
  return [model.id, ...model.aliases, ...model.snapshots];
}

/** What contradicts itself within one model. */
export function checkModel(model: Model, report: ReportField): void {
  checkTokens(model, report);
  checkReasoning(model, report);
  const { supports, replacement, prices } = model;
  if (supports.tools === false && (supports.toolsOnChatCompletions ?? false) !== false) {
    report('supports.toolsOnChatCompletions', 'must be false where tools are not supported');
  }
  if (replacement === model.id) report('replacement', 'must be another model');
  const ends = prices?.history.map(({ until }) => until) ?? [];
  if (ends.some((until, index) => until <= (ends[index - 1] ?? ''))) {
    report('prices.history', 'must be in order, oldest first');
  }
}

function checkTokens(model: Model, report: ReportField): void {
  const { contextWindow = Number.POSITIVE_INFINITY, prices } = model;
  for (const field of ['maxInputTokens', 'maxOutputTokens'] as const) {
    if ((model[field] ?? 0) > contextWindow) report(field, 'must not exceed contextWindow');
  }
  if ((prices?.longContext?.aboveInputTokens ?? 0) >= contextWindow) {
    report('prices.longContext.aboveInputTokens', 'must be less than contextWindow');
  }
}

function checkReasoning({ reasoning, rejects, ...model }: Model, report: ReportField): void {
  const { efforts, defaultEffort, isReasoning } = reasoning;
  if (efforts.length > 0 && !isReasoning) {
    report('reasoning.efforts', 'must be empty for a model that does not reason');
  }
  if (new Set(efforts).size < efforts.length) {
    report('reasoning.efforts', 'must not name a value twice');
  }
  if (defaultEffort !== undefined && !efforts.includes(defaultEffort)) {
    report('reasoning.defaultEffort', 'must be one of reasoning.efforts');
  }
  if (!model.acceptsWithoutReasoning.every((parameter) => rejects.includes(parameter))) {
    report('acceptsWithoutReasoning', 'must only name parameters that rejects names too');
  }
}
