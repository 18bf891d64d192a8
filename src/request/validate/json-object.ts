import { isObject } from '../../core/is-object.ts';
import { exceedsBytes, WELL_FORMED_RULE } from './text.ts';
import { TextMemo } from './text-memo.ts';

/** Larger than any schema that a model reads; one as large takes a tenth of a second to check. */
const MAX_BYTES = 256 * 1024;

/** Deeper than any schema; far from where serializing it would exhaust the stack. */
export const MAX_DEPTH = 128;

/** The object that a text of JSON is, or what keeps it from being one that can be sent on. */
type Reading = { readonly value: Readonly<Record<string, unknown>> } | { readonly problem: string };

/** As much as one may be: parsed it takes some ten times the memory, and is read by several in turn. */
const readings = new TextMemo(read, MAX_BYTES);

/** Reads JSON of an object once for all who look at it, who must not change it. Too large, it is not read. */
export function readJsonObject(text: string): Reading {
  return readings.get(text);
}

/** Why `text` is not JSON of an object that can be sent on, undefined if it is. */
export function jsonObjectProblem(text: string): string | undefined {
  const reading = readJsonObject(text);
  return 'problem' in reading ? reading.problem : undefined;
}

function read(text: string): Reading {
  if (exceedsBytes(text, MAX_BYTES)) return { problem: 'must be at most 256 KiB' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'must be valid JSON' };
  }
  if (!isObject(value)) return { problem: 'must be a JSON object' };
  if (isDeeperThan(value, MAX_DEPTH)) {
    return { problem: `must not be nested more than ${MAX_DEPTH} levels` };
  }
  if (text.isWellFormed() && !writesHalves(text, value)) return { value };
  return { problem: WELL_FORMED_RULE };
}

/** JSON.stringify escapes a surrogate only if it stands alone. */
const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

/** Whether strings of a JSON value hold halves of characters, which its text can write with escapes alone. */
export function writesHalves(text: string, value: object): boolean {
  return /\\ud[89a-f]/i.test(text) && LONE_SURROGATE.test(JSON.stringify(value));
}

/** Whether objects and lists of a JSON value are nested in more levels than that. */
export function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true;
  // Of an object no list of values is made: there may be ten thousands of objects.
  const isDeep = (child: unknown): boolean =>
    typeof child === 'object' && child !== null && isDeeperThan(child, levels - 1);
  if (Array.isArray(value)) return value.some(isDeep);
  for (const key in value) if (isDeep(Reflect.get(value, key))) return true;
  return false;
}
