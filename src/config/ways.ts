import { certificates } from './ca-file.ts';
import type { ConfiguredWay } from './config.ts';
import { variable } from './environment.ts';
import { readText } from './files.ts';
import type { Report } from './problems.ts';
import { proxyOf } from './proxy.ts';
import { DEFAULT_BASE_URL, type Settings } from './schema.ts';
import { failAt, type SecretSources } from './secret-sources.ts';
import { isMapping, isText } from './values.ts';

/** How upstreams are reached. */
export interface Ways {
  /** That of the top level. */
  readonly main: ConfiguredWay;
  /** By name. */
  readonly targets: ReadonlyMap<string, ConfiguredWay>;
}

/** Certificates that upstreams may show. Undefined: no others than the default roots vouch for. */
type Ca = ConfiguredWay['ca'];

interface Cas {
  readonly main: Ca;
  readonly targets: ReadonlyMap<string, Ca>;
}

/**
 * Finds the proxy of every upstream, and reads the certificates that it may show: these right beside whatever else
 * the file has wrong.
 *
 * @returns undefined if there are no settings
 */
export function readWays(
  settings: Settings | undefined,
  sources: SecretSources,
  report: Report,
): Ways | undefined {
  const cas = readCas(sources, report);
  const told = new Set<string>();
  // A variable stands for all upstreams.
  const tell: Report = (problem) => {
    if (!told.has(problem.path)) report(problem);
    told.add(problem.path);
  };
  const proxyFor = (baseUrl: string, setting: string) =>
    proxyOf(baseUrl, setting, sources.environment, tell);
  if (settings === undefined) {
    for (const [baseUrl, setting] of writtenWays(sources)) proxyFor(baseUrl, setting);
    return undefined;
  }
  return {
    main: wayOf(proxyFor(settings.baseUrl, settings.proxy), cas.main),
    targets: new Map(
      Object.entries(settings.targets).map(([name, { baseUrl, proxy }]) => {
        const ca = cas.targets.get(name) ?? cas.main;
        return [name, wayOf(proxyFor(baseUrl, proxy ?? settings.proxy), ca)];
      }),
    ),
  };
}

/** What upstreams are to be reached by that the schema, which refuses something else of them, may have taken. */
function writtenWays({ written, environment }: SecretSources): readonly [string, string][] {
  const top = isMapping(written) ? written : {};
  const targets = isMapping(top.targets) ? Object.values(top.targets).filter(isMapping) : [];
  const baseUrl = variable(environment, 'OPENAI_BASE_URL') ?? top.baseUrl ?? DEFAULT_BASE_URL;
  const upstreams: readonly Readonly<Record<string, unknown>>[] = [
    { baseUrl, proxy: top.proxy },
    ...targets,
  ];
  return upstreams.flatMap(({ baseUrl, proxy = top.proxy ?? 'environment' }) =>
    isText(baseUrl) && URL.canParse(baseUrl) && isText(proxy) ? [[baseUrl, proxy] as const] : [],
  );
}

function wayOf(proxyUrl: string | undefined, ca: Ca): ConfiguredWay {
  return {
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function readCas(sources: SecretSources, report: Report): Cas {
  const written = isMapping(sources.written) ? sources.written : {};
  const targets = isMapping(written.targets) ? Object.entries(written.targets) : [];
  return {
    main: readCa(written, [], sources, report),
    targets: new Map(
      targets.map(([name, target]) => [name, readCa(target, ['targets', name], sources, report)]),
    ),
  };
}

/** @param written the group that names the file, if it does */
function readCa(
  written: unknown,
  path: readonly PropertyKey[],
  { readFile, source }: SecretSources,
  report: Report,
): Ca {
  const file = isMapping(written) ? written.caFile : undefined;
  if (!isText(file)) return undefined;
  const fail = failAt([...path, 'caFile'], source, report);
  const text = readText(file, readFile, fail);
  const pem = text === undefined ? undefined : certificates(text, fail);
  return pem === undefined ? undefined : { pem, file };
}
