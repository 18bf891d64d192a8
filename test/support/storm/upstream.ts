import { type ServerExchange, type StubUpstream, startStubUpstream } from '../upstream/index.ts';

/** An upstream that knows by its question which call a request is of. */
export interface StormUpstream extends Pick<StubUpstream, 'url' | 'openConnections' | 'close'> {
  /** Requests that have not ended. */
  running(): number;
}

export async function startStormUpstream(
  behave: (exchange: ServerExchange, question: string) => void | Promise<void>,
): Promise<StormUpstream> {
  let running = 0;
  const stub = await startStubUpstream({
    keepRequests: false,
    script: (exchange) => {
      running += 1;
      void exchange.request.closed.then(() => {
        running -= 1;
      });
      return behave(exchange, String(exchange.request.body.messages?.[0]?.content));
    },
  });
  return {
    url: stub.url,
    openConnections: () => stub.openConnections(),
    close: () => stub.close(),
    running: () => running,
  };
}
