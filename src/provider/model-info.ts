import type { Model, Surface } from '../core/model.ts';
import { namesOf } from '../request/catalogue/check.ts';
import { promisedPriceWarning } from '../request/catalogue/promised-price.ts';
import { shutdownWarning } from '../request/catalogue/shutdown.ts';
import type { HostedToolOptions, UpstreamTool } from '../request/fit/hosted-tool-options.ts';
import type { Features, ModelInfo } from './provider.ts';

export interface DescribeOptions {
  /** The name to ask for: the model's id, or another of its names where only that is served. */
  readonly name: string;
  /** The upstream listed it. */
  readonly available: boolean;
  /** The day that the upstream announces, ISO 8601. Empty: none, and the catalogue's counts. */
  readonly announcedShutdown: string;
  /** The upstream is OpenAI's own, so the catalogue's shutdown days concern it. */
  readonly openAI: boolean;
  /** Epoch ms. */
  readonly now: number;
  /** What callers may have the upstream run. */
  readonly hostedTools: HostedToolOptions;
  /** The API over which every model is asked. Absent: the one that suits. */
  readonly surface?: Surface;
  /** Batches are kept, and the upstream is known to have a batch API. Default false. */
  readonly batches?: boolean;
}

/** A model of the catalogue in Tamma's terms. */
export function describeModel(model: Model, options: DescribeOptions): ModelInfo {
  const { name, announcedShutdown } = options;
  const { supports, reasoning, replacement } = model;
  const shutdownDate = announcedShutdown || model.shutdownDate;
  const names = namesOf(model);
  return {
    id: name,
    name: model.name,
    description: model.description,
    // A fine-tuned model is not its base by another name.
    aliases: names.includes(name) ? names.filter((other) => other !== name) : [],
    contextWindow: model.contextWindow ?? 0,
    maxTokens: model.maxOutputTokens ?? 0,
    supportsStreaming: supports.streaming,
    supportsImages: supports.images ?? false,
    supportsTools: supports.tools ?? false,
    ...pricing(model),
    capabilities: model.capabilities,
    features: features(model, options),
    reasoningEfforts: reasoning.efforts,
    shutdownDate: shutdownDate ?? '',
    replacement: replacement ?? '',
    available: options.available,
    maxInputTokens: model.maxInputTokens ?? 0,
    apis: model.surfaces,
    warnings: warnings(shutdownDate === undefined ? model : { ...model, shutdownDate }, options),
    knowledgeCutoff: model.knowledgeCutoff ?? '',
  };
}

/** A model of which only the upstream's list tells. */
export function describeUnknown(name: string, announcedShutdown: string): ModelInfo {
  return {
    id: name,
    name,
    description: '',
    aliases: [],
    contextWindow: 0,
    maxTokens: 0,
    supportsStreaming: true,
    supportsImages: false,
    supportsTools: false,
    capabilities: [],
    reasoningEfforts: [],
    shutdownDate: announcedShutdown,
    replacement: '',
    available: true,
    maxInputTokens: 0,
    apis: [],
    warnings: [],
    knowledgeCutoff: '',
  };
}

export function pricing({ prices }: Model): Pick<ModelInfo, 'pricing'> {
  if (prices === undefined) return {};
  const { input, cachedInput = '', output = '' } = prices.standard;
  return { pricing: { input, cachedInput, output, currency: prices.currency } };
}

function features(model: Model, options: DescribeOptions): Features {
  const { supports, reasoning } = model;
  const beyondChat = servesResponses(model, options);
  const { allow, mcpServers } = options.hostedTools;
  const runs = (tool: UpstreamTool, can: boolean | undefined) =>
    beyondChat && allow.includes(tool) && (can ?? false);
  return {
    streaming: supports.streaming,
    functionCalling: supports.tools ?? false,
    parallelToolUse: supports.parallelToolCalls ?? false,
    promptCaching: supports.promptCaching ?? false,
    thinkingMode: reasoning.isReasoning,
    structuredOutputs: supports.structuredOutputs ?? false,
    batch: model.batch && (options.batches ?? false),
    imageGeneration: runs('image_generation', supports.imageGeneration),
    codeExecution: runs('code_interpreter', supports.codeInterpreter),
    webSearch: runs('web_search', supports.webSearch),
    fileSearch: runs('file_search', supports.fileSearch),
    mcp: runs('mcp', supports.mcp) && Object.keys(mcpServers).length > 0,
    customTools: supports.customTools ?? false,
    applyPatch: beyondChat && (supports.applyPatch ?? false),
    shell: beyondChat && (supports.shell ?? false),
    files: supports.files ?? false,
  };
}

/** Whether a call to the model can go over the Responses API, as `chooseSurface` decides. */
function servesResponses({ surfaces }: Model, { openAI, surface }: DescribeOptions): boolean {
  const [only, ...others] = surfaces;
  if (only !== undefined && others.length === 0) return only === 'responses';
  return surface === undefined ? openAI : surface === 'responses';
}

function warnings(model: Model, options: DescribeOptions): readonly string[] {
  const { name, now, openAI, announcedShutdown } = options;
  // Elsewhere a model outlives what OpenAI announces of its own, and has other prices.
  const isShutDownHere = openAI || announcedShutdown !== '';
  const shutdown = isShutDownHere ? shutdownWarning(name, model, now) : undefined;
  const price = openAI ? promisedPriceWarning(name, model, now) : undefined;
  return [shutdown, price].filter((warning) => warning !== undefined);
}
