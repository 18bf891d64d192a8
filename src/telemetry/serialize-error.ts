import { withoutSecrets } from './secrets.ts';

/** UTF-16 units a text of an error may have in the log. */
const MAX_TEXT = 2048;

/** Causes below the error itself; a chain may be a ring. */
const MAX_CAUSES = 8;

export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

/**
 * An error as the log shows it: type, message, stack and the causes, each at most 2 KiB long and
 * without secrets. Other members are left out, since they may hold what a caller or an upstream
 * sent.
 */
export function serializeError(thrown: unknown): SerializedError {
  return serialize(thrown, MAX_CAUSES);
}

function serialize(thrown: unknown, causesLeft: number): SerializedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: printable(thrown) };
  const { stack, cause } = thrown;
  return {
    type: typeName(thrown),
    message: clean(thrown.message),
    ...(stack === undefined ? {} : { stack: clean(stack) }),
    ...(cause === undefined || causesLeft === 0 ? {} : { cause: serialize(cause, causesLeft - 1) }),
  };
}

/** The class where an error has no name of its own, as those of the OpenAI SDK have not. */
function typeName(error: Error): string {
  return error.name === 'Error' ? error.constructor.name : error.name;
}

function printable(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'not an Error' : clean(String(value));
}

/** Replaces before it cuts: a key cut in half would no longer match, yet half of it would show. */
function clean(text: string): string {
  return withoutSecrets(text).slice(0, MAX_TEXT);
}
