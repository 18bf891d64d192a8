import { variable } from './environment.ts';
import type { Report } from './problems.ts';
import { isRedisUrl } from './redis-url.ts';
import {
  type Fail,
  failAt,
  failAtVariable,
  fromFile,
  type SecretSources,
} from './secret-sources.ts';
import { isMapping, isText } from './values.ts';

const VARIABLE = 'TAMMA_REDIS_URL';
const MALFORMED = 'must be a redis or rediss URL without query and fragment';
const MISSING =
  'store: redis needs the URL of the server: set TAMMA_REDIS_URL, or give redis.url or redis.urlFile';

/** The server that sidecars share. */
export interface RedisUrl {
  /** Secret: may carry credentials. */
  readonly secret: string;
  /** The key of `redis` that holds it, or names the file that does; undefined: the environment. */
  readonly key?: 'url' | 'urlFile';
}

/** The first URL that is given. Undefined if none is needed, or none to be had, which was reported. */
export function readRedisUrl(sources: SecretSources, report: Report): RedisUrl | undefined {
  const { written, source } = sources;
  if (!isMapping(written) || written.store !== 'redis') return undefined;
  const fromEnvironment = variable(sources.environment, VARIABLE);
  if (fromEnvironment !== undefined) {
    return checked({ secret: fromEnvironment }, failAtVariable(VARIABLE, report));
  }
  const { redis = {} } = written;
  // What is wrong with the group, and with a URL in it, is for the schema to say.
  if (!isMapping(redis)) return undefined;
  const { url, urlFile } = redis;
  if (isText(urlFile)) {
    const fail = failAt(['redis', 'urlFile'], source, report);
    const secret = fromFile(urlFile, sources.readFile, fail);
    return secret === undefined ? undefined : checked({ secret, key: 'urlFile' }, fail);
  }
  if (isText(url)) return { secret: url, key: 'url' };
  const isAttempted = url !== undefined || urlFile !== undefined;
  return isAttempted ? undefined : void failAt(['redis', 'url'], source, report)(MISSING);
}

function checked(url: RedisUrl, fail: Fail): RedisUrl | undefined {
  return isRedisUrl(url.secret) ? url : void fail(MALFORMED);
}
