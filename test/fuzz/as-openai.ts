import dns from 'node:dns';

const HOST = 'api.openai.com';

/**
 * Lets OpenAI's name lead to this machine, so that a stub is taken for OpenAI itself.
 *
 * @returns what undoes it
 */
export function standInForOpenAI(): () => void {
  const { lookup } = dns;
  const standIn = (hostname: string, options: object, callback: (...found: unknown[]) => void) => {
    if (hostname !== HOST) return Reflect.apply(lookup, dns, [hostname, options, callback]);
    const wantsAll = 'all' in options && options.all === true;
    const found = wantsAll ? [[{ address: '127.0.0.1', family: 4 }]] : ['127.0.0.1', 4];
    process.nextTick(callback, null, ...found);
  };
  dns.lookup = Object.assign(standIn, { __promisify__: lookup.__promisify__ }) as typeof lookup;
  return () => {
    dns.lookup = lookup;
  };
}

/** The base URL under which a stub on `port` stands in for OpenAI. */
export function openAIUrl(port: number): string {
  return `http://${HOST}:${port}/v1`;
}
