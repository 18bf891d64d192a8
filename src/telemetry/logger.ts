import pino from 'pino';
import { redact } from './redact.ts';
import { serializeError } from './serialize-error.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string;
  /** Default: stderr, because stdout is for the `listening on` lines. */
  readonly destination?: pino.DestinationStream;
}

const SERVICE_NAME = 'tamma-provider-openai';

/** One JSON object per line: ISO time, level as a word, service, message. Errors go under `err`. */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service: SERVICE_NAME },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redact(fields) },
      serializers: { err: serializeError },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
