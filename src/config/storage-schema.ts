import { z } from 'zod';
import { choice, filePath, group, inMs, onceRight, token } from './fields.ts';
import { byteSize, duration } from './quantities.ts';
import { isOpenRedisUrl, OPEN_REDIS_URL } from './redis-url.ts';
import { DAY, GIB, HOUR, MIB, SECOND } from './units.ts';

const INSTANCE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

const urlError = 'must be a redis or rediss URL without credentials, query and fragment';
const nameError = 'must be 1 to 128 letters, digits, points, underscores and hyphens';

export const ledgerSchema = group({
  retention: duration('How long the records of single attempts are kept.', {
    min: HOUR,
    max: 3650 * DAY,
    default: 90 * DAY,
  }),
  onCorruption: choice(
    'What becomes of a damaged database: the start is refused, or it is moved aside and a new one begun.',
    ['refuse', 'keep_aside'],
    'refuse',
  ),
  reserveSize: byteSize(
    'Room on the disk that is held for what is still to be written when the sidecar stops while the disk is full.',
    { min: 0, max: GIB, default: 16 * MIB },
  ),
}).transform(({ retention, reserveSize, ...same }) => ({
  ...same,
  ...inMs({ retention }),
  reserveBytes: reserveSize,
}));

export const redisSchema = group({
  url: z
    .string(urlError)
    .refine(isOpenRedisUrl, urlError)
    .meta({ pattern: OPEN_REDIS_URL })
    .exactOptional()
    .describe(
      'The server, as redis://host:port or rediss://host:port, without credentials. No default; TAMMA_REDIS_URL wins over it.',
    ),
  urlFile: filePath()
    .exactOptional()
    .describe(
      'Path of a file that holds the URL, which may carry credentials, and nothing else. No default; TAMMA_REDIS_URL wins over it.',
    ),
  keyPrefix: token()
    .default('tamma:')
    .describe('With which the names of all keys begin; default tamma:.'),
  leaseDuration: duration(
    'How long a sidecar may spend its lease of a budget without hearing from the server.',
    { min: SECOND, max: 24 * HOUR, default: 30 * SECOND },
  ),
  timeout: duration('How long the server may take to accept a connection, and to answer.', {
    min: SECOND / 10,
    max: 2 * SECOND,
    default: SECOND,
  }),
  onOutage: choice(
    'Calls that need more than what is leased while the server is away.',
    ['refuse', 'allow'],
    'refuse',
  ),
  name: z
    .string(nameError)
    .regex(INSTANCE_NAME, nameError)
    .exactOptional()
    .describe(
      'Of this sidecar, unique among those that share the server. No default; left out: the host name and a random part.',
    ),
})
  .refine(({ url, urlFile }) => url === undefined || urlFile === undefined, {
    path: ['urlFile'],
    error: 'must not be given beside redis.url',
    when: onceRight('url', 'urlFile'),
  })
  .meta({ not: { required: ['url', 'urlFile'] } })
  .transform(({ leaseDuration, timeout, ...same }) => ({
    ...same,
    ...inMs({ leaseDuration, timeout }),
  }));
