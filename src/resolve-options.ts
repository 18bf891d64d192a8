import type { Config, ConfiguredTarget } from './config/config.ts';
import { isOpenAI, isRegional } from './request/catalogue/endpoint.ts';
import type { DeclaredModel, ResolveOptions } from './request/catalogue/resolve.ts';

/** What names of models mean at a target. */
export function resolveOptions(
  { baseUrl, unknownModels }: Pick<ConfiguredTarget, 'baseUrl' | 'unknownModels'>,
  { catalogue }: Config,
): ResolveOptions {
  const openAI = isOpenAI(baseUrl);
  // OpenAI serves what the catalogue knows; anybody else may serve anything under any name.
  const suited = openAI ? 'refuse' : 'allow';
  return {
    openAI,
    regional: isRegional(baseUrl),
    unknownModels: unknownModels === 'auto' ? suited : unknownModels,
    shutDownModels: catalogue.shutDownModels,
    declared: catalogue.declared.map(toDeclaredModel),
  };
}

function toDeclaredModel(declared: Config['catalogue']['declared'][number]): DeclaredModel {
  const { pattern, ...fields } = declared;
  return {
    pattern,
    fields: fields.tokenizer === undefined ? fields : { ...fields, tokenizerAssumed: false },
  };
}
