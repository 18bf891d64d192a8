import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { directoryProblem } from '../../money/store/directory.ts';

/**
 * What a start would miss on this machine, a sentence each: where it is to run it may be there. Files that hold keys
 * of upstreams were read by now.
 */
export function machineWarnings(config: Config): readonly string[] {
  const { admin, adminListen, callerJwt, callers, dataDir, listen } = config;
  const listeners = [
    ...listen.map((one, at) => [`listen[${at}]`, one] as const),
    ['adminListen', adminListen] as const,
  ];
  const problem = dataDir === undefined ? undefined : directoryProblem(dataDir);
  return [
    ...(problem === undefined ? [] : [`dataDir: ${dataDir} cannot be used here: ${problem}.`]),
    ...listeners.flatMap(([key, one]) => {
      if (typeof one === 'string') return unreachable(key, one);
      const { certFile, keyFile, clientCaFile } = one.tls ?? {};
      return [
        ...unreachable(`${key}.address`, one.address),
        ...unreadable(`${key}.tls.certFile`, certFile),
        ...unreadable(`${key}.tls.keyFile`, keyFile),
        ...unreadable(`${key}.tls.clientCaFile`, clientCaFile),
      ];
    }),
    ...unreadable('admin.tokenFile', admin.tokenFile),
    ...callers.flatMap(({ tokenFile }, at) => unreadable(`callers[${at}].tokenFile`, tokenFile)),
    ...unreadable('callerJwt.jwksFile', callerJwt?.jwksFile),
    ...unreadable('callerJwt.caFile', callerJwt?.caFile),
    ...unreadable('callerJwt.jwksTokenFile', callerJwt?.jwksTokenFile),
  ];
}

function unreadable(key: string, path: string | undefined): string[] {
  const code = path === undefined ? undefined : refusal(path, constants.R_OK);
  return code === undefined ? [] : [`${key}: ${path} cannot be read here (${code}).`];
}

/** A socket whose folder nothing can be made in. */
function unreachable(key: string, address: string): string[] {
  if (!address.startsWith('unix:')) return [];
  const folder = dirname(address.slice('unix:'.length));
  const code = refusal(folder, constants.W_OK | constants.X_OK);
  return code === undefined ? [] : [`${key}: nothing can be made in ${folder} here (${code}).`];
}

function refusal(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
