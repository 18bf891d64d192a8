import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { readTextFileSync } from '../../core/read-file.ts';
import { directoryProblem } from '../../money/store/directory.ts';
import { parseTokens } from '../../server/callers/token-list.ts';
import { secureContextOf, type TlsOptions } from '../../server/listener/tls.ts';

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
      return [...unreachable(`${key}.address`, one.address), ...wrongTls(`${key}.tls`, one.tls)];
    }),
    ...wrongTokens('admin.tokenFile', admin.tokenFile),
    ...callers.flatMap(({ tokenFile }, at) => wrongTokens(`callers[${at}].tokenFile`, tokenFile)),
    ...unreadable('callerJwt.jwksFile', callerJwt?.jwksFile),
    ...unreadable('callerJwt.caFile', callerJwt?.caFile),
    ...unreadable('callerJwt.jwksTokenFile', callerJwt?.jwksTokenFile),
  ];
}

function wrongTls(key: string, tls: TlsOptions | undefined): string[] {
  if (tls === undefined) return [];
  const { certFile, keyFile, clientCaFile } = tls;
  const gone = [
    ...unreadable(`${key}.certFile`, certFile),
    ...unreadable(`${key}.keyFile`, keyFile),
    ...unreadable(`${key}.clientCaFile`, clientCaFile),
  ];
  if (gone.length > 0) return gone;
  const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  return wrong(key, () =>
    secureContextOf(
      tls,
      files.map((file) => readTextFileSync(file)),
    ),
  );
}

function wrongTokens(key: string, path: string | undefined): string[] {
  const gone = unreadable(key, path);
  if (gone.length > 0 || path === undefined) return gone;
  return wrong(key, () => parseTokens(readTextFileSync(path)));
}

function wrong(key: string, read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    return [`${key}: ${error instanceof Error ? error.message : error}.`];
  }
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
