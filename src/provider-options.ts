import type { Config } from './config/schema.ts';
import { isOpenAI } from './provider/catalogue/endpoint.ts';
import type { DeclaredModel, ResolveOptions } from './provider/catalogue/resolve.ts';
import type { OpenAIProviderOptions } from './provider/create.ts';
import { withDefaultProfiles } from './provider/profiles/defaults.ts';

/** What the configuration says to the provider. */
export function providerOptions(config: Config, version: string): OpenAIProviderOptions {
  const { api, catalogue, organization, project } = config;
  return {
    apiKey: config.apiKey,
    baseUrl: config.baseUrl,
    ...(organization === undefined ? {} : { organization }),
    ...(project === undefined ? {} : { project }),
    version,
    defaultModel: config.defaultModel,
    timeouts: config.timeouts,
    ...(catalogue.file === undefined ? {} : { catalogueFile: catalogue.file }),
    resolve: resolveOptions(config),
    profiles: withDefaultProfiles({ models: config.profiles, tasks: config.tasks }),
    dropUnsupported: config.dropUnsupported,
    ...(api === 'auto' ? {} : { surface: api }),
  };
}

function resolveOptions({ baseUrl, catalogue }: Config): ResolveOptions {
  const { unknownModels, shutDownModels, declared } = catalogue;
  const openAI = isOpenAI(baseUrl);
  // OpenAI serves what the catalogue knows; anybody else may serve anything under any name.
  const suited = openAI ? 'refuse' : 'allow';
  return {
    openAI,
    unknownModels: unknownModels === 'auto' ? suited : unknownModels,
    shutDownModels,
    declared: declared.map(toDeclaredModel),
  };
}

function toDeclaredModel(declared: Config['catalogue']['declared'][number]): DeclaredModel {
  const { pattern, ...fields } = declared;
  return {
    pattern,
    fields: fields.tokenizer === undefined ? fields : { ...fields, tokenizerAssumed: false },
  };
}
