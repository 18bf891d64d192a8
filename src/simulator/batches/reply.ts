import type { ServerExchange } from '../answers/server-exchange.ts';
import { errorFields } from '../wire/wire.ts';

/** Status and JSON body of an answer. */
export type Reply = [status: number, body: object];

/** A page of what is listed, the newest first. */
export function listPage<T extends { readonly id: string }>(
  newestFirst: readonly T[],
  toObject: (item: T) => object,
  query: URLSearchParams,
): object {
  const after = query.get('after');
  const start = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1;
  const page = newestFirst.slice(start, start + Number(query.get('limit') ?? 20));
  return {
    object: 'list',
    data: page.map(toObject),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: start + page.length < newestFirst.length,
  };
}

export function notFound(collection: string | undefined, id: string): Reply {
  return [404, { error: errorFields(404, { message: `No such ${collection}: ${id}` }) }];
}

export function sendReply(exchange: ServerExchange, [status, body]: Reply): void {
  exchange.headers(status, { 'content-type': 'application/json' });
  exchange.raw(JSON.stringify(body));
  exchange.end();
}
