import { isOfThisMachine, isSafeUrl } from './config/addresses.ts';
import type { Config } from './config/config.ts';
import type { ListenerSettings } from './config/listeners-schema.ts';
import type { AdminServerOptions } from './server/admin/admin.ts';
import { CallersError } from './server/callers/authenticator.ts';
import type { ListenerOptions } from './server/listener/listen.ts';
import type { Logger } from './telemetry/logger.ts';

/** Where the configuration has the gRPC server listen. */
export function listenerOptions(config: Config): readonly ListenerOptions[] {
  return config.listen.map(toListener);
}

/** What operators, probes and scrapers ask; the first is the one with everything. */
export function adminServerOptions(config: Config): readonly AdminServerOptions[] {
  const { admin, adminListen, healthListen, metricsListen } = config;
  const { hosts, tokenFile } = admin;
  const all: AdminServerOptions = {
    listen: toListener(adminListen),
    serves: 'everything',
    hosts,
    ...(tokenFile === undefined ? {} : { tokenFile }),
  };
  const open = { health: healthListen, metrics: metricsListen } as const;
  return [
    all,
    ...(['health', 'metrics'] as const).flatMap((serves) => {
      const address = open[serves];
      return address === undefined ? [] : [{ listen: { address }, serves, hosts }];
    }),
  ];
}

/** Has an error name the key of the configuration that it comes from. */
export async function under<T>(key: string, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (cause) {
    // Its key is another one.
    if (cause instanceof CallersError) throw cause;
    throw new Error(`${key}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Warns of what can be read or used by others than who was meant, as was insisted on. */
export function warnOfOpenDoors(config: Config, logger: Pick<Logger, 'warn'>): void {
  for (const address of insecureListeners(config)) {
    logger.warn(
      { address },
      'listens beyond this machine without TLS or without knowing its callers',
    );
  }
  for (const target of insecureUpstreams(config)) {
    logger.warn({ target }, 'the upstream is asked over plain http: keys and prompts can be read');
  }
}

/** Those of the listeners that others than this machine's reach, and that were insisted on. */
function insecureListeners(config: Config): readonly string[] {
  return [...config.listen, config.adminListen].flatMap((one) =>
    typeof one !== 'string' && one.insecure && !isOfThisMachine(one.address) ? [one.address] : [],
  );
}

/** The upstreams that are asked over plain http beyond this machine, as was insisted on. */
function insecureUpstreams(config: Config): readonly string[] {
  const targets = Object.entries(config.targets).map(
    ([name, { baseUrl }]) => [name, baseUrl] as const,
  );
  const all = [['default', config.baseUrl] as const, ...targets];
  return all.filter(([, baseUrl]) => !isSafeUrl(baseUrl)).map(([name]) => name);
}

function toListener(settings: ListenerSettings): ListenerOptions {
  if (typeof settings === 'string') return { address: settings };
  const { address, tls } = settings;
  return { address, ...(tls === undefined ? {} : { tls }) };
}
