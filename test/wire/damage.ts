import type { Chance } from './differential/chance.ts';
import type { AResponse } from './differential/framing.ts';

/** An event of a stream, or the whole answer: an object, or its data as it is. */
export type Said = object | string;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const LONG = 20_000;
const DEEP = 2_000;

/** What programs stumble over, in the place of whatever was there. */
const ODD: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  -(2 ** 31) - 1,
  '',
  ' ',
  '0',
  'null',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'x'.repeat(LONG),
  [],
  [null],
  [[]],
  [{ toString: 1 }],
  {},
  { length: 1 },
  { '': null },
  // What no text and no number can be made of.
  { toString: 1, valueOf: 1, toJSON: 1 },
  { constructor: 1, hasOwnProperty: 1 },
  // A literal would set the prototype.
  ...JSON.parse('[{ "__proto__": { "type": "message", "length": 1 } }, { "then": 1 }]'),
];

/** Texts that are no JSON, or more than that. */
const NO_JSON = [
  '',
  '{',
  '}',
  '[',
  'null',
  'true',
  '"text"',
  '1e999',
  '-',
  '{"choices":',
  '[DONE]',
  '[DONE] ',
  '[done]',
  'NaN',
  '{"a":1}{"a":2}',
  '\ufeff{}',
  '['.repeat(DEEP),
  `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  '<html><body>502 Bad Gateway</body></html>',
];

const LINE_ENDS = ['\n', '\r\n', '\r'];
const FIELDS = ['data', 'data', 'data', 'data', 'DATA', 'event', 'id', 'retry', '', 'da ta'];
const TYPES = ['text/event-stream', 'application/json', 'text/html', 'application/x-ndjson', ''];

/** Damages answers: some of their values, their order, their framing, their bytes. */
export class Damage {
  readonly #chance: Chance;
  readonly #others: readonly Said[];

  /** @param others events of other answers, which may stray into this one */
  constructor(chance: Chance, others: readonly Said[]) {
    this.#chance = chance;
    this.#others = others;
  }

  response(said: readonly Said[], whole: boolean): AResponse {
    const events = this.#reordered(said.map((one) => this.#damaged(one)));
    const text = whole
      ? this.#text(events[0] ?? '')
      : events.map((one) => this.#event(one)).join('');
    const usual = whole ? 'application/json' : 'text/event-stream';
    const type = this.#one(10) ? this.#pick(TYPES) : usual;
    return { headers: { 'content-type': type }, body: this.#bytes(Buffer.from(text)) };
  }

  /** True once in so many times. */
  #one(times: number): boolean {
    return this.#chance.nat(times) === 0;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#chance.nat(values.length)] as T;
  }

  #damaged(one: Said): Said {
    if (typeof one === 'string' || !this.#one(3)) return one;
    if (this.#one(10)) return this.#pick(NO_JSON);
    const copy = structuredClone(one) as Json;
    for (let change = 0; change <= this.#chance.nat(3); change += 1) this.#change(copy);
    return copy as object;
  }

  /** Goes down to some value and puts another in its place, leaves it out, or says it twice. */
  #change(value: Json): void {
    if (value === null || typeof value !== 'object') return;
    const keys = Object.keys(value);
    const key = this.#pick(keys);
    if (key === undefined) return;
    const inner = (value as Record<string, Json>)[key];
    const isLeaf = inner === null || typeof inner !== 'object' || Object.keys(inner).length === 0;
    if (!isLeaf && !this.#one(4)) {
      this.#change(inner);
      return;
    }
    const record = value as Record<string, Json>;
    if (this.#one(4)) delete record[key];
    else if (Array.isArray(value) && this.#one(3)) value.push(structuredClone(inner ?? null));
    else record[key] = structuredClone(this.#pick(ODD));
  }

  #reordered(events: Said[]): Said[] {
    const at = () => this.#chance.nat(events.length + 1);
    for (let change = 0; change < this.#chance.nat(4); change += 1) {
      const event = events[this.#chance.nat(Math.max(1, events.length))] ?? '';
      switch (this.#chance.nat(5)) {
        case 0:
          events.splice(at(), 1);
          break;
        case 1:
          events.splice(at(), 0, event);
          break;
        case 2:
          events.splice(at(), 0, this.#pick(this.#others));
          break;
        case 3:
          events.length = at();
          break;
        default:
          events.reverse();
      }
    }
    return events;
  }

  #event(one: Said): string {
    const end = this.#one(5) ? this.#pick(LINE_ENDS) : '\n';
    const field = this.#one(20) ? this.#pick(FIELDS) : 'data';
    const named = typeof one === 'string' && /^(event:|:)/.test(one);
    const line = named ? one : `${field}:${this.#one(5) ? '' : ' '}${this.#text(one)}`;
    return `${line}${end}${this.#one(20) ? '' : end}`;
  }

  #text(one: Said): string {
    return typeof one === 'string' ? one : JSON.stringify(one);
  }

  #bytes(bytes: Buffer): Buffer {
    if (bytes.length === 0 || !this.#one(4)) return bytes;
    for (let change = 0; change <= this.#chance.nat(4); change += 1) {
      bytes[this.#chance.nat(bytes.length)] = this.#chance.nat(256);
    }
    return this.#one(3) ? bytes.subarray(0, this.#chance.nat(bytes.length)) : bytes;
  }
}
