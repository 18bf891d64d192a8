import { restartPart } from '../src/config/changes.ts';
import { ENVIRONMENT_KEYS } from '../src/config/environment-keys.ts';
import { configJsonSchema } from '../src/config/json-schema.ts';

interface JsonSchema {
  readonly additionalProperties?: JsonSchema;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

const HEAD = '| Key | Default | Environment variable | Meaning |\n|---|---|---|---|';
const MEMBER_HEAD = '| Key | Default | Meaning |\n|---|---|---|';

/**
 * docs/configuration.md with its tables of keys made anew from the schema in src/config: what stands
 * between a line `<!-- keys -->`, or `<!-- keys of NAME -->`, and the next `<!-- end of keys -->`.
 */
export function withKeyTables(document: string): string {
  const schema: JsonSchema = JSON.parse(configJsonSchema());
  return document.replaceAll(
    /(<!-- keys(?: of (\w+))? -->\n).*?(<!-- end of keys -->)/gs,
    (_, begin: string, member: string | undefined, end: string) =>
      `${begin}\n${member === undefined ? keyTable(schema) : memberTable(schema, member)}\n\n${end}`,
  );
}

function keyTable(schema: JsonSchema): string {
  const variables = new Map<string, string>(
    Object.entries(ENVIRONMENT_KEYS).map(([variable, key]) => [key, variable]),
  ).set('redis.url', 'TAMMA_REDIS_URL');
  const rows = leaves(schema).map(([key, leaf]) =>
    row(
      `\`${key}\``,
      code(defaultOf(leaf)),
      code(variables.get(key) ?? ''),
      `${meaningOf(leaf)}${restartPart(key.split('.')) === undefined ? '' : ' Needs a restart.'}`,
    ),
  );
  return [HEAD, ...rows].join('\n');
}

/** Of the entries of a list or map. */
function memberTable(schema: JsonSchema, name: string): string {
  const { items, additionalProperties } = schema.properties?.[name] ?? {};
  const member = items ?? additionalProperties ?? {};
  const rows = Object.entries(member.properties ?? {}).map(([key, leaf]) => {
    const fallback = member.required?.includes(key) ? 'required' : code(defaultOf(leaf));
    return row(`\`${key}\``, fallback, meaningOf(leaf));
  });
  return [MEMBER_HEAD, ...rows].join('\n');
}

function leaves({ properties = {} }: JsonSchema, prefix = ''): readonly [string, JsonSchema][] {
  return Object.entries(properties).flatMap(([name, schema]): readonly [string, JsonSchema][] =>
    schema.properties === undefined
      ? [[`${prefix}${name}`, schema]]
      : leaves(schema, `${prefix}${name}.`),
  );
}

function defaultOf({ default: fallback }: JsonSchema): string {
  if (fallback === undefined) return '';
  if (Array.isArray(fallback) && fallback.length > 0) return fallback.join(', ');
  return typeof fallback === 'object' ? JSON.stringify(fallback) : String(fallback);
}

/** The default has a column of its own, and what a duration is stands below the table. */
function meaningOf({ description = '' }: JsonSchema): string {
  return description
    .replace(/; default .*$/s, '.')
    .replace(/\.? No default\b/, '')
    .replace(/ true or false\.$/, '')
    .replace(/Must be (?:an? )?[a-z ]+ from (\w+) to (\w+)[^.]*\.$/, '$1 to $2.')
    .replaceAll('|', '\\|');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |').replaceAll('|  |', '| |');
}
