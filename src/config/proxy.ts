import { type Environment, variable } from './environment.ts';
import { isExempt, isLoopback } from './no-proxy.ts';
import type { Report } from './problems.ts';
import { type Fail, failAtVariable } from './secret-sources.ts';

/**
 * URL of the proxy through which a base URL is reached, credentials allowed; undefined: none. The
 * configuration's own wins over the environment. This machine is never reached through a proxy.
 *
 * @param setting the URL of a proxy, `none`, or `environment`
 */
export function proxyOf(
  baseUrl: string,
  setting: string,
  environment: Environment,
  report: Report,
): string | undefined {
  const url = new URL(baseUrl);
  if (setting === 'none' || isLoopback(url)) return undefined;
  return setting === 'environment' ? fromEnvironment(url, environment, report) : setting;
}

/** As curl, Go and Python read it: the name in lower case wins. */
function fromEnvironment(url: URL, environment: Environment, report: Report): string | undefined {
  const of = (name: string) =>
    [name.toLowerCase(), name].find((one) => variable(environment, one) !== undefined);
  const name = of(url.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY');
  if (name === undefined) return undefined;
  const exempt = of('NO_PROXY');
  if (exempt !== undefined && isExempt(url, variable(environment, exempt) ?? '')) return undefined;
  return checked(variable(environment, name) ?? '', failAtVariable(name, report));
}

function checked(text: string, fail: Fail): string | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  const isHttp = url !== null && /^https?:$/.test(url.protocol) && isDecodable(url);
  if (!isHttp || url.hostname === '' || url.search !== '' || url.hash !== '') {
    return void fail('must be the http or https URL of a proxy');
  }
  return url.href;
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}
