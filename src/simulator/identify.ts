import { createHash } from 'node:crypto';
import type { Arrival } from './wire/recorded-request.ts';

/** Requests whose number is remembered. */
const MAX_KNOWN = 100_000;

/**
 * Ids that are the same in every run: of the seed, the request, and how often the same request came
 * before. The order in which different requests arrive does not matter.
 */
export function seededIds(seed: number): (arrival: Arrival) => string {
  const times = new Map<string, number>();
  return ({ method, path, bytes }) => {
    const request = digest(`${seed} ${method} ${path}\n`, bytes);
    const before = times.get(request) ?? 0;
    times.delete(request);
    times.set(request, before + 1);
    const [oldest] = times.keys();
    if (times.size > MAX_KNOWN && oldest !== undefined) times.delete(oldest);
    return digest(`${request} ${before}`).slice(0, 32);
  };
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
