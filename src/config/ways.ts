import { certificates } from './ca-file.ts';
import type { ConfiguredWay } from './config.ts';
import { readText } from './files.ts';
import type { Report } from './problems.ts';
import { proxyOf } from './proxy.ts';
import type { Settings } from './schema.ts';
import { failAt, type SecretSources } from './secret-sources.ts';

/** How upstreams are reached. */
export interface Ways {
  /** That of the top level. */
  readonly main: ConfiguredWay;
  /** By name. */
  readonly targets: ReadonlyMap<string, ConfiguredWay>;
}

/** Finds the proxy of every upstream, and reads the certificates that it may show. */
export function readWays(settings: Settings, sources: SecretSources, report: Report): Ways {
  const { environment } = sources;
  const proxyFor = (baseUrl: string, setting: string) =>
    proxyOf(baseUrl, setting, environment, report);
  const ca = readCa(settings.caFile, [], sources, report);
  return {
    main: wayOf(proxyFor(settings.baseUrl, settings.proxy), ca),
    targets: new Map(
      Object.entries(settings.targets).map(([name, { baseUrl, proxy, caFile }]) => {
        const own = readCa(caFile, ['targets', name], sources, report);
        return [name, wayOf(proxyFor(baseUrl, proxy ?? settings.proxy), own ?? ca)];
      }),
    ),
  };
}

function wayOf(proxyUrl: string | undefined, ca: ConfiguredWay['ca']): ConfiguredWay {
  return {
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function readCa(
  file: string | undefined,
  path: readonly PropertyKey[],
  { readFile, source }: SecretSources,
  report: Report,
): ConfiguredWay['ca'] {
  if (file === undefined) return undefined;
  const fail = failAt([...path, 'caFile'], source, report);
  const text = readText(file, readFile, fail);
  const pem = text === undefined ? undefined : certificates(text, fail);
  return pem === undefined ? undefined : { pem, file };
}
