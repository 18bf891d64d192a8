import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Surface } from '../../src/core/model.ts';
import type { Said } from './damage.ts';

/** What a server was reported to send, of which something is left if a part of it is damaged. */
export interface SaidCase {
  readonly file: string;
  /** Default: it may be either. */
  readonly surface?: Surface;
  readonly response: {
    /** Default: 200. */
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    /** Events of a stream. */
    readonly data?: readonly Said[];
    /** JSON in the place of a stream. */
    readonly json?: object;
  };
}

/** @param kind answers, or errors in their place */
export function saidCases(kind: 'answers' | 'errors'): readonly SaidCase[] {
  const folder = join(import.meta.dirname, 'cases', kind);
  return readdirSync(folder)
    .sort()
    .map((file): SaidCase => ({ file, ...JSON.parse(readFileSync(join(folder, file), 'utf8')) }))
    .filter(({ response }) => response.data !== undefined || response.json !== undefined);
}

/** Its events, or the one that is all of it. */
export function saidIn({ data, json }: SaidCase['response']): Said[] {
  if (json !== undefined) return [json];
  return (data ?? []).map((one) => {
    if (typeof one !== 'string' || !one.startsWith('{')) return one;
    return JSON.parse(one);
  });
}
