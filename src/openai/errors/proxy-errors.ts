/** The proxy made no tunnel. */
export class TunnelError extends Error {
  /** HTTP status of its answer; 0 if that was none. */
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answered CONNECT with ${status === 0 ? 'no HTTP response' : status}`);
    this.status = status;
  }
}

/** There was no connection to the proxy, or it broke before there was a tunnel. The cause says why. */
export class ProxyError extends Error {
  constructor(cause: unknown) {
    super('the proxy could not be asked', { cause });
  }
}
