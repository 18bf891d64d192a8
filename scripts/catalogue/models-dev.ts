import { readFile } from 'node:fs/promises';
import { OTHER_MODELS, type PriceSource, type SourcePrices } from './source.ts';

export const MODELS_DEV = 'https://models.dev/api.json';

const TIMEOUT_MS = 20_000;

interface Cost {
  readonly input?: number;
  readonly output?: number;
  readonly cache_read?: number;
  readonly cache_write?: number;
}

interface ListedModel {
  readonly cost?: Cost & {
    readonly context_over_200k?: Cost;
    readonly tiers?: readonly (Cost & { readonly tier?: unknown })[];
  };
  readonly modalities?: { readonly output?: readonly string[] };
}

interface Listing {
  readonly openai?: { readonly models?: Readonly<Record<string, ListedModel>> };
}

/** models.dev, as it publishes its data. @param place a URL or a file */
export async function modelsDev(place: string): Promise<PriceSource> {
  const { openai } = JSON.parse(await read(place)) as Listing;
  const models = Object.entries(openai?.models ?? {});
  if (models.length === 0) throw new Error('it lists no models of openai');
  const answering = models.filter(
    ([id, model]) => !OTHER_MODELS.test(id) && answersWithText(model),
  );
  return {
    name: `models.dev (${place})`,
    models: new Map(answering.map(([id, model]) => [id, pricesOf(model)])),
  };
}

async function read(place: string): Promise<string> {
  if (!/^https?:/.test(place)) return readFile(place, 'utf8');
  const response = await fetch(place, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  return response.text();
}

/** Not those for images, speech and embeddings. */
function answersWithText({ modalities, cost }: ListedModel): boolean {
  return (modalities?.output ?? ['text']).includes('text') && cost?.output !== 0;
}

function pricesOf({ cost = {} }: ListedModel): SourcePrices {
  const long = cost.tiers?.[0] ?? cost.context_over_200k;
  return { ...fromCost(cost), ...(long && { long: fromCost(long) }) };
}

function fromCost({ input, output, cache_read, cache_write }: Cost): SourcePrices {
  return { input, cachedInput: cache_read, cacheWrite: cache_write, output };
}
