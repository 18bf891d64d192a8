import type { buildConnector } from 'undici';
import { hideSecret } from '../../telemetry/secrets.ts';
import type { HttpRequest } from './http-request.ts';

/** An HTTP proxy: https upstreams are reached through a tunnel, http ones by handing it their URL. */
export class HttpProxy {
  /** Scheme, host and port. */
  readonly origin: string;
  /** `Basic …`, if it wants credentials. */
  readonly authorization: string | undefined;
  readonly #url: URL;

  /** @param url http or https, credentials allowed */
  constructor(url: string) {
    this.#url = new URL(url);
    const { origin, username, password } = this.#url;
    this.origin = origin;
    const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
    const credentials = Buffer.from(`${user}:${secret}`).toString('base64');
    this.authorization = user + secret === '' ? undefined : `Basic ${credentials}`;
    // A proxy that refuses may say what it was sent. With a token alone that is the user.
    if (this.authorization !== undefined) hideSecret(credentials);
    hideSecret(secret || user);
  }

  /** What to connect to. */
  get target(): buildConnector.Options {
    const { protocol, hostname, host, port } = this.#url;
    return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port };
  }

  /** The request as it is sent to the proxy, if it can read it; undefined: it goes through a tunnel. */
  forwarded(request: HttpRequest): HttpRequest | undefined {
    const { origin, path } = request;
    if (!origin.startsWith('http:')) return undefined;
    const headers = [...request.headers, 'host', new URL(origin).host];
    if (this.authorization !== undefined) headers.push('proxy-authorization', this.authorization);
    return { ...request, origin: this.origin, path: origin + path, headers };
  }
}
