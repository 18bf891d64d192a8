import pino from 'pino';
import { serializeError } from './serialize-error.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string;
  /** Default: stderr, because stdout is for the `listening on` lines. */
  readonly destination?: pino.DestinationStream;
}

const SERVICE_NAME = 'tamma-provider-openai';

/** Names under which a secret travels. */
const SECRETS = [
  'authorization',
  'Authorization',
  'apiKey',
  'api_key',
  '["api-key"]',
  'key',
  'token',
  'password',
  'secret',
];

/** No secret is logged on purpose; this is the second line of defence, two levels deep. */
const REDACTED_PATHS = SECRETS.flatMap((name) => {
  const member = name.startsWith('[') ? name : `.${name}`;
  return [name, `*${member}`, `*.*${member}`];
});

/** One JSON object per line: ISO time, level as a word, service, message. Errors go under `err`. */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service: SERVICE_NAME },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      serializers: { err: serializeError },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
