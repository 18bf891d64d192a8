import { isHostAndPort } from './addresses.ts';
import type { Config } from './config.ts';
import { asFile } from './describe.ts';
import { type Environment, variable } from './environment.ts';
import { ENVIRONMENT_KEYS } from './environment-keys.ts';
import { formatPath } from './problems.ts';
import { suggest } from './suggest.ts';
import { isMapping, isText } from './values.ts';

/** Variables of the program that stand for no key of the file. */
const OTHER_VARIABLES = [
  'TAMMA_CONFIG',
  'TAMMA_REDIS_URL',
  // Of the commands that ask a running sidecar.
  ...['', '_ADMIN'].flatMap((of) =>
    ['ADDRESS', 'CA', 'CERT', 'KEY', 'TOKEN', 'TOKEN_FILE'].map((name) => `TAMMA${of}_${name}`),
  ),
  // Of the examples and their scripts.
  'TAMMA_PROGRAM',
  'TAMMA_SOCKET',
  'TAMMA_TLS_ADDRESS',
];

/** Variables, and the keys over which they win. */
const WINNERS: readonly (readonly [variable: string, key: string])[] = [
  ...Object.entries(ENVIRONMENT_KEYS),
  ['OPENAI_API_KEY', 'apiKeyFile'],
  ['OPENAI_API_KEY_FILE', 'apiKeyFile'],
  ['TAMMA_REDIS_URL', 'redis.url'],
  ['TAMMA_REDIS_URL', 'redis.urlFile'],
];

/** What Kubernetes tells every container of a Service whose name begins with `tamma`. */
const OF_A_SERVICE = /_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_.+)?)?)$/;

/**
 * How the configuration was written that most likely was not meant, a sentence each.
 *
 * @param written what the file says
 * @param config what it came to
 */
export function slipsIn(
  written: unknown,
  environment: Environment,
  config: Config,
): readonly string[] {
  return [
    ...bareNumbers(written, asFile(config), []),
    ...hiddenKeys(written, environment),
    ...unknownVariables(environment, namedIn(written)),
    ...collectorSlips(environment),
    ...(holds(written, ['redis']) && config.store !== 'redis'
      ? ['redis does not count without store: redis.']
      : []),
    ...(config.callerJwt !== undefined && config.callers.every(({ subject }) => !subject)
      ? ['callerJwt does not count: no caller has a subject.']
      : []),
    ...(config.callers.some(({ san }) => san !== undefined) &&
    !config.listen.some(asksForCertificates)
      ? ['san of callers does not count: no listener has a clientCaFile.']
      : []),
  ];
}

function asksForCertificates(listener: Config['listen'][number]): boolean {
  return typeof listener !== 'string' && listener.tls?.clientCaFile !== undefined;
}

/** Numbers that stand for so many milliseconds or bytes. */
function bareNumbers(
  written: unknown,
  meant: unknown,
  path: readonly PropertyKey[],
): readonly string[] {
  if (Array.isArray(written)) {
    if (!Array.isArray(meant)) return [];
    return written.flatMap((member, at) => bareNumbers(member, meant[at], [...path, at]));
  }
  if (isMapping(written)) {
    if (!isMapping(meant)) return [];
    return Object.entries(written).flatMap(([key, member]) => {
      return bareNumbers(member, meant[key], [...path, key]);
    });
  }
  const isBare = typeof written === 'number' || /^[1-9][0-9]*$/.test(String(written));
  if (!isBare || Number(written) === 0 || typeof meant !== 'string') return [];
  if (!/^[0-9]+(ms|s|m|h|d|B|KiB|MiB|GiB)$/.test(meant)) return [];
  return [`${formatPath(path)}: ${written} without a unit is ${meant}.`];
}

/** Keys of the file that do not count, for a variable says the same. */
function hiddenKeys(written: unknown, environment: Environment): readonly string[] {
  const isSet = (name: string) => variable(environment, name) !== undefined;
  const hidden = WINNERS.filter(([name, key]) => isSet(name) && holds(written, key.split('.')));
  const all = hidden.map(
    ([name, key]) => `${key} of the file does not count: ${name} wins over it.`,
  );
  if (isSet('OPENAI_API_KEY') && isSet('OPENAI_API_KEY_FILE')) {
    all.push('OPENAI_API_KEY_FILE does not count: OPENAI_API_KEY wins over it.');
  }
  return all;
}

function holds(written: unknown, [key = '', ...rest]: readonly string[]): boolean {
  if (!isMapping(written) || !(key in written)) return false;
  return rest.length === 0 || holds(written[key], rest);
}

/** Variables that the file has a key or another secret be read from. */
function namedIn(written: unknown): readonly string[] {
  if (Array.isArray(written)) return written.flatMap(namedIn);
  if (!isMapping(written)) return [];
  const { environment, ...others } = written;
  return [...(isText(environment) ? [environment] : []), ...Object.values(others).flatMap(namedIn)];
}

/** Variables that look like ones of this program, and say nothing to it. */
function unknownVariables(environment: Environment, named: readonly string[]): readonly string[] {
  const known = [...WINNERS.map(([name]) => name), ...OTHER_VARIABLES];
  return Object.keys(environment)
    .filter((name) => !known.includes(name) && !named.includes(name) && !OF_A_SERVICE.test(name))
    .sort()
    .flatMap((name) => {
      const meant = OLD_NAMES[name] ?? suggest(name, known);
      // Others read OPENAI_, too.
      const isMine = name.startsWith('TAMMA_') || (/^OPENAI_/.test(name) && meant !== undefined);
      const hint = meant === undefined ? '.' : `; did you mean ${meant}?`;
      return isMine ? [`${name}: there is no such variable${hint}`] : [];
    });
}

const OTLP_VARIABLE = /^OTEL_EXPORTER_OTLP_(?:(TRACES|METRICS|LOGS)_)?(ENDPOINT|PROTOCOL)$/;
const OTLP_PROTOCOLS: readonly string[] = ['grpc', 'http/protobuf', 'http/json'];

/** The SDK tells of these in its own words, and of some only once an export fails. */
function collectorSlips(environment: Environment): readonly string[] {
  return Object.keys(environment).flatMap((name) => {
    const [, signal, what] = OTLP_VARIABLE.exec(name) ?? [];
    const value = variable(environment, name);
    if (value === undefined || what === undefined) return [];
    if (what === 'PROTOCOL') {
      const isSpoken = OTLP_PROTOCOLS.includes(value);
      return isSpoken ? [] : [`${name} is none of ${OTLP_PROTOCOLS.join(', ')}.`];
    }
    const protocol =
      (signal && variable(environment, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`)) ||
      variable(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL');
    return isCollector(value, protocol)
      ? []
      : [`${name} is no http or https URL such as http://127.0.0.1:4318: nothing is exported.`];
  });
}

function isCollector(text: string, protocol: string | undefined): boolean {
  if (protocol === 'grpc' && (isHostAndPort(text) || /^unix:/i.test(text))) return true;
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** What else stands for the upstream in programs that speak to OpenAI. */
const OLD_NAMES: Readonly<Record<string, string>> = { OPENAI_API_BASE: 'OPENAI_BASE_URL' };
