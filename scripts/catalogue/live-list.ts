import type { Catalogue } from '../../src/request/catalogue/catalogue.ts';
import { isServed, namesOf } from './served.ts';
import { type Difference, OTHER_MODELS } from './source.ts';

const TIMEOUT_MS = 20_000;

interface Listed {
  readonly id: string;
  /** As OpenAI lists it; other servers do not. */
  readonly shutdown_date?: string | null;
}

/** In what the list of an API differs from the catalogue. @param now epoch ms */
export async function liveDifferences(
  baseUrl: string,
  apiKey: string,
  catalogue: Pick<Catalogue, 'models' | 'find'>,
  now: number,
): Promise<readonly Difference[]> {
  const response = await fetch(`${baseUrl.replace(/\/$/, '')}/models`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  const { data = [] } = (await response.json()) as { readonly data?: readonly Listed[] };
  if (data.length === 0) throw new Error('it lists no models');
  return compareList(data, catalogue, now);
}

export function compareList(
  listed: readonly Listed[],
  catalogue: Pick<Catalogue, 'models' | 'find'>,
  now: number,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const { id, shutdown_date: listedDay } of listed) {
    const model = catalogue.find(id);
    if (model === undefined) {
      if (!OTHER_MODELS.test(id)) differences.push({ kind: 'new', model: id, what: 'is listed' });
    } else if (listedDay && listedDay.slice(0, 10) !== model.shutdownDate) {
      const ours = model.shutdownDate ?? 'none';
      differences.push({ kind: 'gone', model: id, what: `ends ${ours}, there ${listedDay}` });
    }
  }
  const ids = new Set(listed.map(({ id }) => id));
  for (const model of catalogue.models) {
    if (isServed(model, now) && !namesOf(model).some((name) => ids.has(name))) {
      differences.push({ kind: 'gone', model: model.id, what: 'is not listed' });
    }
  }
  return differences;
}
