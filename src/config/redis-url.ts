import { REDIS_URL, whole } from './patterns.ts';

/** Of a URL without credentials. */
export const OPEN_REDIS_URL = whole(REDIS_URL);
const isOpen = new RegExp(OPEN_REDIS_URL, 'u');

/** Whether the text is the URL of a Redis server: redis or rediss, without query and fragment. */
export function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^rediss?:\/\/[^\s?#]+$/i.test(text)) return false;
  const isDatabase = /^(\/[0-9]{0,9})?$/.test(url.pathname);
  return url.hostname !== '' && isDatabase && [url.username, url.password].every(isEncoded);
}

/** Without credentials, so that it may stand in a file that is no secret. */
export function isOpenRedisUrl(text: string): boolean {
  return isOpen.test(text) && isRedisUrl(text);
}

/** Whether the client will be able to decode it. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
