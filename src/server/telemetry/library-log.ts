import { setLogger } from '@grpc/grpc-js';
import type { Logger } from '../../telemetry/logger.ts';

/** As much of what grpc-js says as goes into a log line, in characters. */
const MAX_LENGTH = 1000;

/** How it begins to quote metadata that it leaves out, which may be a token. */
const LEFT_OUT = /^(?:.*\| )?(Failed to add metadata entry [^:]*):/;

/**
 * Lets grpc-js write to the log what it would write to the console: for the whole process, as
 * grpc-js knows only one logger. GRPC_TRACE and GRPC_VERBOSITY decide what it says. Metadata of a caller that it leaves out
 * is named, at the level of debug, and not quoted.
 */
export function logLibrary(logger: Pick<Logger, 'debug' | 'warn'>): void {
  const at =
    (level: 'debug' | 'warn') =>
    (...words: unknown[]): void => {
      const said = words.map(String).join(' ');
      const leftOut = LEFT_OUT.exec(said)?.[1];
      logger[leftOut === undefined ? level : 'debug'](
        { said: (leftOut ?? said).slice(0, MAX_LENGTH) },
        'grpc-js',
      );
    };
  setLogger({ error: at('warn'), info: at('debug'), debug: at('debug') });
}
