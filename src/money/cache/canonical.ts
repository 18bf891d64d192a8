import { hash } from 'node:crypto';

/**
 * A value as JSON text that is the same for all that mean the same: keys in order, and of an object
 * neither what is undefined nor empty texts, lists and maps, which the wire cannot tell from absent.
 * Bytes are their digest.
 */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value instanceof Uint8Array) return JSON.stringify(hash('sha256', value, 'base64url'));
  const members = value as Readonly<Record<string, unknown>>;
  let pairs = '';
  for (const key of Object.keys(members).sort()) {
    const member = members[key];
    if (isEmpty(member)) continue;
    pairs += `${pairs && ','}${JSON.stringify(key)}:${canonical(member)}`;
  }
  return `{${pairs}}`;
}

/**
 * JSON text with the keys of its objects in order and without spaces, its numbers as they are written:
 * two that are no longer apart as doubles stay apart. Text that is no JSON is left as it is.
 */
export function canonicalJson(text: string): string {
  try {
    return inOrder(JSON.parse(text, asWritten));
  } catch {
    return text;
  }
}

class Written {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

function asWritten(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new Written(context?.source ?? String(value)) : value;
}

/** Of a schema nothing is left out: an empty list says something there. */
function inOrder(value: unknown): string {
  if (value instanceof Written) return value.source;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inOrder).join(',')}]`;
  const pairs = Object.entries(value).sort(byKey);
  return `{${pairs.map(([key, member]) => `${JSON.stringify(key)}:${inOrder(member)}`).join(',')}}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.keys(value).length === 0;
}
