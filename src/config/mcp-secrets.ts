import { variable } from './environment.ts';
import { VARIABLE_NAME } from './fields.ts';
import type { Report } from './problems.ts';
import type { Settings } from './schema.ts';
import { failAt, fromFile, type SecretSources } from './secret-sources.ts';
import { isMapping, isText } from './values.ts';

/** What the upstream shows an MCP server. */
export interface McpSecrets {
  /** Secret: a bearer token. */
  readonly authorization?: string;
  /** Secret values, by the header's name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An MCP server of the configuration, with its secrets. */
export type ConfiguredMcpServer = Settings['hostedTools']['mcpServers'][string] & {
  readonly secrets: McpSecrets;
};

/** Reads the secrets of every MCP server, beside whatever else the file has wrong. */
export function readMcpSecrets(
  sources: SecretSources,
  report: Report,
): ReadonlyMap<string, McpSecrets> {
  const { hostedTools } = isMapping(sources.written) ? sources.written : {};
  const { mcpServers } = isMapping(hostedTools) ? hostedTools : {};
  const found = new Map<string, McpSecrets>();
  for (const [name, server] of membersOf(mcpServers)) {
    if (!isMapping(server)) continue;
    const path = ['hostedTools', 'mcpServers', name];
    const read = (place: unknown, ...key: string[]) =>
      readSecret(place, [...path, ...key], sources, report);
    const authorization = read(server.authorization, 'authorization');
    const headers = membersOf(server.headers).flatMap(([header, place]) => {
      const value = read(place, 'headers', header);
      return value === undefined ? [] : [[header, value]];
    });
    found.set(name, {
      ...(authorization !== undefined && { authorization }),
      headers: Object.fromEntries(headers),
    });
  }
  return found;
}

function membersOf(value: unknown): readonly [string, unknown][] {
  return isMapping(value) ? Object.entries(value) : [];
}

/** Undefined: there is none, or it cannot be had, which is reported. */
function readSecret(
  place: unknown,
  path: readonly string[],
  { environment: variables, readFile, source }: SecretSources,
  report: Report,
): string | undefined {
  const { file, environment }: Readonly<Record<string, unknown>> = isMapping(place) ? place : {};
  if (isText(file) && environment === undefined) {
    const fail = failAt([...path, 'file'], source, report);
    return checked(fromFile(file, readFile, fail), fail);
  }
  if (!isText(environment) || !VARIABLE_NAME.test(environment) || file !== undefined) {
    return undefined;
  }
  const fail = failAt([...path, 'environment'], source, report);
  const text = variable(variables, environment);
  // Without its name: somebody may have written the secret in place of it.
  if (text === undefined) return void fail('the variable is not set, or empty');
  return checked(text, fail);
}

function checked(text: string | undefined, fail: (message: string) => void): string | undefined {
  if (text === undefined || /^[!-~]+(?: [!-~]+)*$/.test(text)) return text;
  return void fail('the secret holds a line break, a control character or one outside of ASCII');
}
