import { setLogger } from '@grpc/grpc-js';
import type { Logger } from '../telemetry/logger.ts';

/** As much of what grpc-js says as goes into a log line, in characters. */
const MAX_LENGTH = 1000;

/**
 * Lets grpc-js write to the log what it would write to the console: for the whole process, as
 * grpc-js knows only one logger. GRPC_TRACE and GRPC_VERBOSITY decide what it says.
 */
export function logLibrary(logger: Pick<Logger, 'debug' | 'warn'>): void {
  const at =
    (level: 'debug' | 'warn') =>
    (...words: unknown[]): void =>
      logger[level]({ said: words.map(String).join(' ').slice(0, MAX_LENGTH) }, 'grpc-js');
  setLogger({ error: at('warn'), info: at('debug'), debug: at('debug') });
}
