import type { ServerExchange } from '../answers/server-exchange.ts';

/** What becomes of one connection on which a response is told. */
export interface ViewFault {
  /** Of the body, before it happens. */
  readonly afterBytes: number;
  /** `silence`: nothing more comes, and the connection stays open. */
  readonly how: 'cut' | 'reset' | 'silence';
}

/** One connection on which a response is told. */
export class View {
  readonly #exchange: ServerExchange;
  readonly #fault: ViewFault | undefined;
  #sent = 0;
  #isBroken = false;

  constructor(exchange: ServerExchange, fault: ViewFault | undefined) {
    this.#exchange = exchange;
    this.#fault = fault;
    exchange.headers();
    this.#breakIfDue();
  }

  send(event: string): void {
    if (this.#isBroken) return;
    const bytes = Buffer.from(event);
    const room = (this.#fault?.afterBytes ?? Number.POSITIVE_INFINITY) - this.#sent;
    this.#exchange.raw(bytes.subarray(0, Math.min(room, bytes.length)));
    this.#sent += bytes.length;
    this.#breakIfDue();
  }

  end(): void {
    if (!this.#isBroken) this.#exchange.end();
  }

  break(how: ViewFault['how']): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    if (how === 'cut') this.#exchange.cut();
    if (how === 'reset') this.#exchange.reset();
  }

  #breakIfDue(): void {
    if (this.#fault !== undefined && this.#sent >= this.#fault.afterBytes) {
      this.break(this.#fault.how);
    }
  }
}
