import type { OutgoingHttpHeaders } from 'node:http';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import { type ErrorFields, errorFields, type ListedModel, modelList } from '../wire/wire.ts';
import type { Behaviour, ServerExchange } from './server-exchange.ts';

/** Answers with a whole JSON body, indented as OpenAI's are. */
export function sendJson(
  exchange: ServerExchange,
  status: number,
  body: object,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = `${JSON.stringify(body, null, 2)}\n`;
  exchange.headers(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  exchange.raw(text);
  exchange.end();
}

/** An error answer, with further `headers` such as `retry-after`. */
export function httpError(
  status: number,
  { headers, ...fields }: Partial<ErrorFields> & { readonly headers?: OutgoingHttpHeaders } = {},
): Behaviour {
  const body = { error: errorFields(status, fields) };
  return (exchange) => sendJson(exchange, status, body, headers);
}

/** The list of models that `models` gives at the time of the request. */
export function listModels(models: () => readonly ListedModel[]): Behaviour {
  return (exchange) => sendJson(exchange, 200, modelList(models()));
}

export const UNREADABLE = { message: 'We could not parse the JSON body of your request.' };

/** OpenAI's answer to a body that is no JSON. */
export function notJson(): Behaviour {
  return httpError(400, UNREADABLE);
}

/** OpenAI's answer to a path that it does not have. */
export function unknownUrl({ method, path }: RecordedRequest): Behaviour {
  return httpError(404, { message: `Invalid URL (${method} ${path})` });
}

/** OpenAI's answer to a key it does not know, or to none. */
export function keyRefused(authorization: string | undefined): Behaviour {
  const key = authorization?.replace(/^Bearer\s+/i, '') ?? '';
  if (key === '') {
    return httpError(401, {
      message:
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    });
  }
  return httpError(401, {
    message: `Incorrect API key provided: ${maskKey(key)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    code: 'invalid_api_key',
  });
}

function maskKey(key: string): string {
  const shown = key.length > 12 ? 4 : 1;
  return key.slice(0, shown) + '*'.repeat(Math.max(1, key.length - 2 * shown)) + key.slice(-shown);
}
