import { suggest } from '../../config/suggest.ts';
import { type Features, ModelInfo } from '../../gen/tamma/provider/v1/model.ts';
import { GetModelsResponse } from '../../gen/tamma/provider/v1/provider.ts';
import { type Cli, CliError } from '../cli.ts';
import type { ModelsOptions } from '../commands/models.ts';
import { withSidecar } from '../connection/sidecar.ts';
import { type Fact, Printer } from '../print/printer.ts';
import { count } from '../print/words.ts';

const HEADS = ['MODEL', 'CONTEXT', 'OUTPUT', '$ INPUT', '$ CACHED', '$ OUTPUT', 'LISTED', 'ENDS'];

/** Lists the models, or tells everything about the one that is named. */
export async function showModels(
  name: string | undefined,
  options: ModelsOptions,
  cli: Cli,
): Promise<void> {
  const { models } = await withSidecar(options, cli, (sidecar, rpc) => sidecar.getModels({}, rpc));
  const printer = new Printer(cli);
  const { messageJson } = await import('../print/proto-json.ts');
  if (name !== undefined) {
    const model = oneOf(models, name);
    if (options.json) return printer.document(messageJson('ModelInfo', ModelInfo, model));
    return printer.facts([printer.bold(model.id)], factsOf(model));
  }
  const shown = models.filter(({ available }) => available || !options.available);
  if (options.json) {
    const response = { models: shown };
    return printer.document(messageJson('GetModelsResponse', GetModelsResponse, response));
  }
  return printer.table(HEADS, shown.map(row));
}

function oneOf(models: readonly ModelInfo[], name: string): ModelInfo {
  const model = models.find(({ id, aliases }) => id === name || aliases.includes(name));
  if (model !== undefined) return model;
  const meant = suggest(
    name,
    models.map(({ id }) => id),
  );
  const hint = meant === undefined ? '' : `, perhaps ${meant} is meant`;
  throw new CliError('notFound', `there is no model '${name}'${hint}`);
}

function row(model: ModelInfo): string[] {
  const { pricing } = model;
  return [
    model.id,
    known(model.contextWindow),
    known(model.maxTokens),
    pricing?.input ?? '',
    pricing?.cachedInput ?? '',
    pricing?.output ?? '',
    model.available ? 'yes' : 'no',
    model.shutdownDate,
  ];
}

function factsOf(model: ModelInfo): readonly Fact[] {
  const { pricing, features } = model;
  return [
    ['name', model.name],
    ['description', model.description],
    ['aliases', model.aliases.join(', ')],
    ['listed by the upstream', model.available ? 'yes' : 'no'],
    ['context window', known(model.contextWindow)],
    ['input, at most', known(model.maxInputTokens)],
    ['output, at most', known(model.maxTokens)],
    ['knows until', model.knowledgeCutoff],
    ['reasoning efforts', model.reasoningEfforts.join(', ')],
    ['capabilities', model.capabilities.join(', ')],
    ['features', features === undefined ? '' : namesOf(features)],
    ['APIs', model.apis.join(', ')],
    [
      'per million tokens',
      pricing === undefined
        ? ''
        : `input ${pricing.input}, cached ${pricing.cachedInput || '-'}, output ${pricing.output} ${pricing.currency}`,
    ],
    ['ends', model.shutdownDate],
    ['replaced by', model.replacement],
    ...model.warnings.map((warning) => ['warning', warning] as const),
  ];
}

function namesOf(features: Features): string {
  return Object.entries(features)
    .filter(([, has]) => has === true)
    .map(([name]) => name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`))
    .join(', ');
}

/** Zero is written for what is not known. */
function known(tokens: number): string {
  return tokens === 0 ? '' : count(tokens);
}
