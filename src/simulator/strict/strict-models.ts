import { Rejection, unsupportedParameter, unsupportedValue } from './strict-error.ts';
import rows from './strict-models.json' with { type: 'json' };
import type { Fields } from './strict-values.ts';

/** What a model of OpenAI takes. What is absent is not known, and then nothing is refused. */
export interface StrictModel {
  readonly id: string;
  /** Aliases and snapshots. */
  readonly names?: readonly string[];
  /** ISO 8601 day, the last on which it answers. */
  readonly shutdown?: string;
  readonly chat: boolean;
  readonly responses: boolean;
  readonly streaming?: boolean;
  readonly tools?: boolean;
  readonly toolsOnChat?: boolean | string;
  readonly parallelToolCalls?: boolean;
  readonly images: boolean;
  readonly jsonSchema: boolean;
  readonly prediction: boolean;
  readonly reasoning?: boolean;
  readonly efforts?: readonly string[];
  readonly defaultEffort?: string;
  /** Parameters, by their names in Chat Completions. */
  readonly rejects?: readonly string[];
  /** It writes its prompt cache on request. */
  readonly cacheOptions?: boolean;
  readonly acceptsWithoutReasoning?: readonly string[];
  readonly verbosities?: readonly string[];
  /** Tokens. */
  readonly window?: number;
  /** Tokens. */
  readonly maxInput?: number;
  /** Tokens. */
  readonly maxOutput?: number;
}

export const STRICT_MODELS: readonly StrictModel[] = rows;

const BY_NAME = new Map<string, StrictModel>();
for (const row of STRICT_MODELS) for (const name of row.names ?? []) BY_NAME.set(name, row);
for (const row of STRICT_MODELS) BY_NAME.set(row.id, row);

/** `ft:gpt-4o:organisation:suffix:id`; takes what its base takes. */
const FINE_TUNED = /^ft:([^:]+):/;

/** The model of a name that OpenAI serves on `today`, an ISO 8601 day. */
export function servedModel(name: string, today: string): StrictModel {
  const model = BY_NAME.get(FINE_TUNED.exec(name)?.[1] ?? name);
  if (model === undefined) {
    throw notFound(`The model \`${name}\` does not exist or you do not have access to it.`);
  }
  if (model.shutdown !== undefined && model.shutdown < today) {
    throw notFound(
      `The model \`${name}\` has been deprecated, learn more here: https://platform.openai.com/docs/deprecations`,
    );
  }
  return model;
}

/** The parameters among `fields` that the model has not, or has only while it does not reason. */
export function checkRejected(model: StrictModel, fields: Fields, effort: unknown): void {
  // No source tells every model's default effort: where it may be none, it is taken to be none.
  const unknown = model.defaultEffort === undefined && model.efforts?.includes('none');
  const reasons = (effort ?? model.defaultEffort ?? (unknown ? 'none' : '')) !== 'none';
  const accepted = reasons ? [] : (model.acceptsWithoutReasoning ?? []);
  for (const name of model.rejects ?? []) {
    if (Object.hasOwn(fields, name) && !accepted.includes(name)) refuse(name, fields);
  }
  if (fields.prompt_cache_options !== undefined && model.cacheOptions !== true) {
    throw unsupportedParameter('prompt_cache_options');
  }
}

function refuse(name: string, fields: Fields): void {
  const onChat = Object.hasOwn(fields, 'messages');
  if (name === 'temperature' && onChat) {
    if (fields.temperature === 1) return;
    throw unsupportedValue(name, fields.temperature, [1]);
  }
  const hint = name === 'max_tokens' ? " Use 'max_completion_tokens' instead." : '';
  throw unsupportedParameter(name, hint);
}

export function checkEffort(model: StrictModel, effort: unknown, param: string): void {
  if (effort === undefined) return;
  if (model.reasoning !== true) throw unsupportedParameter(param);
  if (model.efforts !== undefined && !model.efforts.includes(String(effort))) {
    throw unsupportedValue(param, effort, model.efforts);
  }
}

export function checkVerbosity(model: StrictModel, verbosity: unknown, param: string): void {
  if (verbosity === undefined || model.verbosities === undefined) return;
  if (!model.verbosities.includes(String(verbosity))) {
    throw unsupportedValue(param, verbosity, model.verbosities);
  }
}

export function checkStreaming(model: StrictModel, stream: unknown): void {
  if (stream === true && model.streaming === false) throw unsupportedValue('stream', true, [false]);
}

export function checkOutputLimit(model: StrictModel, limit: unknown, param: string): void {
  if (typeof limit !== 'number' || model.maxOutput === undefined || limit <= model.maxOutput)
    return;
  throw new Rejection(
    `${param} is too large: ${limit}. This model supports at most ${model.maxOutput} completion tokens, whereas you provided ${limit}.`,
    { param, code: 'invalid_value' },
  );
}

function notFound(message: string): Rejection {
  return new Rejection(message, { status: 404, code: 'model_not_found' });
}
