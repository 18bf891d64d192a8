import type { ErrorFields } from '../wire/wire.ts';

const LIST = new Intl.ListFormat('en');

/** A request that OpenAI does not take, with what it answers. */
export class Rejection extends Error {
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    message: string,
    { status = 400, param = null, code = null }: Partial<RejectionFields> = {},
  ) {
    super(message);
    this.name = 'Rejection';
    this.status = status;
    this.param = param;
    this.code = code;
  }

  get fields(): ErrorFields {
    const { message, param, code } = this;
    return { message, type: 'invalid_request_error', param, code };
  }
}

interface RejectionFields {
  /** Default 400. */
  readonly status: number;
  /** Default null. */
  readonly param: string | null;
  /** Default null. */
  readonly code: string | null;
}

/** A parameter that the model does not have. */
export function unsupportedParameter(param: string, hint = ''): Rejection {
  const message = `Unsupported parameter: '${param}' is not supported with this model.${hint}`;
  return new Rejection(message, { param, code: 'unsupported_parameter' });
}

/** A value that the model does not take. */
export function unsupportedValue(
  param: string,
  value: unknown,
  supported: readonly unknown[],
): Rejection {
  const message = `Unsupported value: '${param}' does not support ${quote(value)} with this model. Supported values are: ${list(supported)}.`;
  return new Rejection(message, { param, code: 'unsupported_value' });
}

/** A value that no model takes. */
export function invalidValue(
  param: string,
  value: unknown,
  supported: readonly unknown[],
): Rejection {
  const message = `Invalid value: ${quote(value)}. Supported values are: ${list(supported)}.`;
  return new Rejection(message, { param, code: 'invalid_value' });
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function list(values: readonly unknown[]): string {
  return LIST.format(values.map(quote));
}
