import type { Model } from '../src/core/model.ts';
import { builtInCatalogue } from '../src/request/catalogue/catalogue.ts';
import data from '../src/request/catalogue/models.json' with { type: 'json' };

type Column = readonly [title: string, cell: (model: Model) => string];

const UNKNOWN = '?';

const COLUMNS: readonly Column[] = [
  ['model', (model) => code(model.id)],
  ['also called', (model) => codes([...model.aliases, ...model.snapshots])],
  ['context', ({ contextWindow }) => count(contextWindow)],
  ['longest answer', ({ maxOutputTokens }) => count(maxOutputTokens)],
  ['APIs', ({ surfaces }) => surfaces.map((surface) => SURFACES[surface]).join(', ')],
  ['images', ({ supports }) => flag(supports.images)],
  ['tools', tools],
  ['efforts', ({ reasoning }) => reasoning.efforts.join(' ')],
  ['input', ({ prices }) => price(prices?.standard.input)],
  ['cached', ({ prices }) => price(prices?.standard.cachedInput)],
  ['output', ({ prices }) => price(prices?.standard.output)],
  ['last day', ({ shutdownDate = '' }) => shutdownDate],
  ['instead', ({ replacement }) => (replacement === undefined ? '' : code(replacement))],
];

const SURFACES = { chat_completions: 'chat', responses: 'responses' } as const;

const INTRODUCTION = `# Models

Generated from \`src/request/catalogue/models.json\`, version ${data.version}, by
\`node scripts/generate-models-doc.ts\`. Do not edit.

Prices are dollars per million tokens, standard tier; the catalogue also holds those for long contexts,
batch, flex, priority and the past. At OpenAI's regional endpoints (\`eu.api.openai.com\`) they are multiplied by
the model's \`prices.regionalFactor\`: 1.1 for those that were released since 2026-03-05. Tokens of the context are prompt and answer together. \`${UNKNOWN}\`: no
source tells. *Last day*: the day after which OpenAI itself does not serve the model; other upstreams may.

A file of one's own adds models and overrides what is said of these (\`catalogue.file\`, see
[configuration.md](configuration.md)); field names are those of \`src/core/model.ts\`:

\`\`\`yaml
version: acme-7
models:
  - id: gpt-4o # known: only what is named changes
    prices: { standard: { input: "2.25", cachedInput: "1.1", output: "9" } }
  - id: acme-coder # new: what is not named is not known
    contextWindow: 32768
    maxOutputTokens: 4096
    supports: { tools: true }
\`\`\`

The file is read again when it changes. It is refused as a whole if one row is wrong; then what was
known before stays in force, and the log says why.`;

/** docs/models.md */
export function modelsDoc(): string {
  const { models } = builtInCatalogue();
  return `${INTRODUCTION}

## What they can do

${table(
  COLUMNS.map(([title]) => title),
  models.map((model) => COLUMNS.map(([, cell]) => cell(model))),
)}

## Where the figures come from

[The decision](decisions/2026-11-22-where-model-figures-come-from.md) says how to update them.

${table(['code', 'source'], Object.entries(data.sources))}

${table(
  ['model', 'figures and their sources'],
  models.map((model) => [code(model.id), figures(model)]),
)}
`;
}

/** Grouped by sources, since most figures of a model share them. */
function figures({ sources }: Model): string {
  const groups = Map.groupBy(Object.entries(sources), ([, codes]) => codes.join(', '));
  return [...groups]
    .map(([codes, entries]) => `${entries.map(([field]) => field).join(', ')}: ${codes}`)
    .join('; ');
}

function tools({ supports }: Model): string {
  const onChat = supports.toolsOnChatCompletions;
  if (supports.tools !== true) return flag(supports.tools);
  if (onChat === 'without_reasoning') return 'yes; on chat without reasoning only';
  return onChat === false ? 'yes; not on chat' : 'yes';
}

function flag(value: boolean | undefined): string {
  if (value === undefined) return UNKNOWN;
  return value ? 'yes' : 'no';
}

function count(tokens: number | undefined): string {
  return tokens?.toLocaleString('en-US') ?? UNKNOWN;
}

function price(dollars: string | undefined): string {
  return dollars ?? '';
}

function code(name: string): string {
  return `\`${name}\``;
}

function codes(names: readonly string[]): string {
  return names.map(code).join(' ');
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
