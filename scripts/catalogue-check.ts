/**
 * `npm run catalogue:check`: compares the built-in catalogue with what sources of prices say today, and
 * with the list of the API if OPENAI_API_KEY is set (at OPENAI_BASE_URL, if that is). Prints what is new
 * there, gone there or priced otherwise, and whose promise of a price is over. It changes nothing.
 *
 * `-- --models-dev FILE|URL` reads models.dev from elsewhere than https://models.dev/api.json.
 *
 * Exits 0 if nothing differs, 1 if something does, 2 if a source could not be read.
 */
import { parseArgs } from 'node:util';
import { builtInCatalogue } from '../src/request/catalogue/catalogue.ts';
import { promisedPriceWarning } from '../src/request/catalogue/promised-price.ts';
import { compare } from './catalogue/compare.ts';
import { genaiPrices } from './catalogue/genai-prices.ts';
import { liveDifferences } from './catalogue/live-list.ts';
import { MODELS_DEV, modelsDev } from './catalogue/models-dev.ts';
import type { Difference } from './catalogue/source.ts';

interface Check {
  readonly name: string;
  readonly run: () => Promise<{ readonly name?: string; readonly found: readonly Difference[] }>;
}

const { values } = parseArgs({
  options: { 'models-dev': { type: 'string', default: MODELS_DEV } },
});
const place = values['models-dev'];
const catalogue = builtInCatalogue();
const now = Date.now();
const { OPENAI_API_KEY: key = '', OPENAI_BASE_URL: base = 'https://api.openai.com/v1' } =
  process.env;

const checks: readonly Check[] = [
  {
    name: '@pydantic/genai-prices',
    run: async () => {
      const today = new Date(now).toISOString().slice(0, 10);
      const source = genaiPrices(catalogue.models, today);
      return { name: source.name, found: compare(catalogue, source, now) };
    },
  },
  {
    name: `models.dev (${place})`,
    run: async () => ({ found: compare(catalogue, await modelsDev(place), now) }),
  },
  ...(key === ''
    ? []
    : [
        {
          name: `the list of ${base}`,
          run: async () => ({ found: await liveDifferences(base, key, catalogue, now) }),
        },
      ]),
];

console.log(`catalogue ${catalogue.version}: ${catalogue.models.length} models`);
let differences = 0;
let unread = 0;
for (const model of catalogue.models) {
  const warning = promisedPriceWarning(model.id, model, now);
  if (warning === undefined) continue;
  differences += 1;
  console.log(`\n${warning}`);
}
for (const { name, run } of checks) {
  try {
    const { name: full = name, found } = await run();
    console.log(`\n${full}: ${found.length === 0 ? 'nothing differs' : `${found.length} differ`}`);
    for (const { kind, model, what } of found) console.log(`  ${kind}: ${model}: ${what}`);
    differences += found.length;
  } catch (error) {
    unread += 1;
    console.log(`\n${name}: could not be read: ${reasonOf(error)}`);
  }
}
if (key === '') console.log('\nthe list of the API: not asked, OPENAI_API_KEY is not set');
process.exitCode = unread > 0 ? 2 : Math.min(1, differences);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
