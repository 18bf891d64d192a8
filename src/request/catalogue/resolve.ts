import { ProviderError } from '../../core/errors.ts';
import { type Model, unknownModel } from '../../core/model.ts';
import { matchesPattern } from '../../core/name-pattern.ts';
import type { Catalogue } from './catalogue.ts';
import { type ModelFields, withFields } from './merge.ts';
import { inRegion } from './regional-price.ts';
import { isShutDown, shutdownWarning } from './shutdown.ts';

/** What the operator says of models that the catalogue does not know. */
export interface DeclaredModel {
  /** A name, or a pattern of names: `*` is any run of characters, `?` any one. `llama-*`. */
  readonly pattern: string;
  readonly fields: ModelFields;
}

/** What a name of a model means at an upstream. */
export interface ResolveOptions {
  /** The upstream is OpenAI's own: what OpenAI shut down does not answer there. */
  readonly openAI: boolean;
  /** It is one of OpenAI's regional endpoints, where some models cost more. Default: it is none. */
  readonly regional?: boolean;
  /** What becomes of a model that is neither in the catalogue nor declared. */
  readonly unknownModels: 'refuse' | 'allow';
  /** What becomes of a call to a model that OpenAI shut down. At other upstreams it is made. */
  readonly shutDownModels: 'refuse' | 'redirect';
  /** The first whose pattern matches counts. */
  readonly declared: readonly DeclaredModel[];
}

export interface ResolvedModel {
  /** To send: as the caller wrote it, unless the call was redirected. */
  readonly name: string;
  readonly model: Model;
  /** For the caller, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * What a caller's model name means at an upstream, at `now` (epoch ms).
 *
 * An alias or a snapshot has the row of its model and is sent as it was written: which of its
 * models an alias means is OpenAI's to say, and a snapshot was asked for on purpose. So is a
 * fine-tuned model (`ft:gpt-4o:…`), which OpenAI shuts down together with its base.
 *
 * @throws ProviderError MODEL_NOT_FOUND if it is not known, or was shut down and not redirected;
 *   INVALID_REQUEST if it does not answer messages.
 */
export function resolveModel(
  name: string,
  catalogue: Catalogue,
  options: ResolveOptions,
  now: number,
): ResolvedModel {
  const resolved = resolveName(name, catalogue, options, now);
  return options.regional ? { ...resolved, model: inRegion(resolved.model) } : resolved;
}

function resolveName(
  name: string,
  catalogue: Catalogue,
  options: ResolveOptions,
  now: number,
): ResolvedModel {
  const model = knownModel(name, catalogue, options.declared) ?? unknown(name, options);
  if (!answersMessages(model)) throw notAnswering(name);
  if (!options.openAI) return { name, model, warnings: [] };
  if (!isShutDown(model, now)) return { name, model, warnings: warnings(name, model, now) };
  return resolveShutDown(name, model, successor(model, catalogue, now), options, now);
}

/** What the catalogue or the operator knows of a name. */
export function knownModel(
  name: string,
  catalogue: Catalogue,
  declared: readonly DeclaredModel[],
): Model | undefined {
  const model = catalogue.find(name);
  if (model !== undefined) return model;
  const base = fineTuned(name, catalogue);
  const declaration = declared.find(({ pattern }) => matchesPattern(pattern, name));
  if (declaration === undefined) return base;
  return withFields(base ?? unknownModel(name), declaration.fields);
}

/** Whether it can be sent messages at all: models for embeddings cannot. */
export function answersMessages(model: Model): boolean {
  return !model.capabilities.includes('embeddings');
}

/**
 * What is known of a fine-tuned model: what its base can do. It has a price of its own, which has to be
 * declared.
 */
function fineTuned(name: string, catalogue: Catalogue): Model | undefined {
  const base = /^ft:([^:]+):/.exec(name)?.[1];
  const model = base === undefined ? undefined : catalogue.find(base);
  if (model === undefined) return undefined;
  const { prices: _, ...known } = model;
  return known;
}

function unknown(name: string, options: ResolveOptions): Model {
  if (options.unknownModels === 'allow') return unknownModel(name);
  throw new ProviderError('MODEL_NOT_FOUND', {
    model: name,
    message: `The model ${name} is not in the catalogue; allow it with catalogue.unknownModels.`,
  });
}

function notAnswering(name: string): ProviderError {
  const description = 'must not be a model that only makes embeddings';
  return new ProviderError('INVALID_REQUEST', {
    model: name,
    fieldViolations: [{ field: 'request.model', description }],
  });
}

function resolveShutDown(
  name: string,
  model: Model,
  replacement: Model | undefined,
  options: ResolveOptions,
  now: number,
): ResolvedModel {
  const past = `OpenAI shut down ${name} on ${model.shutdownDate}`;
  if (replacement === undefined) {
    throw new ProviderError('MODEL_NOT_FOUND', {
      model: name,
      message: `${past} and has named no replacement that still works.`,
    });
  }
  const { id } = replacement;
  if (options.shutDownModels === 'refuse') {
    const message = `${past}; use ${id} instead.`;
    throw new ProviderError('MODEL_NOT_FOUND', { model: name, replacement: id, message });
  }
  const redirected = `${past}; the call was redirected to ${id}.`;
  return {
    name: id,
    model: replacement,
    warnings: [redirected, ...warnings(id, replacement, now)],
  };
}

/** The first of the recommended replacements, and of theirs, that OpenAI still serves. */
function successor(model: Model, catalogue: Catalogue, now: number): Model | undefined {
  const seen = new Set<Model>();
  let next: Model | undefined = model;
  while (next !== undefined && isShutDown(next, now)) {
    if (seen.has(next)) return undefined;
    seen.add(next);
    next = next.replacement === undefined ? undefined : catalogue.find(next.replacement);
  }
  return next;
}

function warnings(name: string, model: Model, now: number): readonly string[] {
  const warning = shutdownWarning(name, model, now);
  return warning === undefined ? [] : [warning];
}
