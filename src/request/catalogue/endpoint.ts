const OPENAI_HOST = 'api.openai.com';

/**
 * Whether a base URL is OpenAI's own: `api.openai.com` or one of its regions (`eu.api.openai.com`).
 *
 * @throws TypeError if it is not a URL.
 */
export function isOpenAI(baseUrl: string): boolean {
  return hostOf(baseUrl) === OPENAI_HOST || isRegional(baseUrl);
}

/**
 * Whether a base URL is that of a region of OpenAI's, where some models cost more.
 *
 * @throws TypeError if it is not a URL.
 */
export function isRegional(baseUrl: string): boolean {
  return hostOf(baseUrl).endsWith(`.${OPENAI_HOST}`);
}

/**
 * Whether a base URL is Mistral's own: `api.mistral.ai`, `codestral.mistral.ai`.
 *
 * @throws TypeError if it is not a URL.
 */
export function isMistral(baseUrl: string): boolean {
  return hostOf(baseUrl).endsWith('.mistral.ai');
}

function hostOf(baseUrl: string): string {
  return new URL(baseUrl).hostname.replace(/\.$/, '');
}
