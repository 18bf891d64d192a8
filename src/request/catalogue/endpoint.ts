const OPENAI_HOST = 'api.openai.com';

/**
 * Whether a base URL is OpenAI's own: `api.openai.com` or one of its regions (`eu.api.openai.com`).
 *
 * @throws TypeError if it is not a URL.
 */
export function isOpenAI(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.replace(/\.$/, '');
  return host === OPENAI_HOST || host.endsWith(`.${OPENAI_HOST}`);
}
