import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SendMessageRequest } from '../../../src/gen/tamma/provider/v1/provider.ts';
import { requestShape } from '../../../src/server/rpc/request-shape.ts';
import { MAX_ELEMENTS, MAX_FIELDS, oversizeOf } from '../../../src/server/rpc/request-size.ts';
import { emptyFields, field } from '../../attacks/wire.ts';
import { REQUEST_BYTES } from '../../support/server-per-test.ts';

const SEND = requestShape('/tamma.provider.v1.IAIProvider/SendMessage');
const USAGE = requestShape('/tamma.provider.v1.IAIUsageProvider/GetUsage');

const inRequest = (...fields: Uint8Array[]) => field(1, Buffer.concat(fields));
const tooMany = (path: string) => ({ field: path, description: `must be at most ${MAX_ELEMENTS}` });

describe('oversizeOf', () => {
  it('lets requests pass, and as many elements of a kind as are allowed', () => {
    expect(oversizeOf(REQUEST_BYTES, SEND)).toBeUndefined();
    expect(oversizeOf(inRequest(emptyFields(1, MAX_ELEMENTS)), SEND)).toBeUndefined();
    expect(oversizeOf(inRequest(field(22, Buffer.alloc(2_000_000, 'x'))), SEND)).toBeUndefined();
  });

  it.each([
    ['request.messages', inRequest(emptyFields(1, MAX_ELEMENTS + 1))],
    ['request.stop', inRequest(emptyFields(8, MAX_ELEMENTS + 1))],
    ['request.logit_bias', inRequest(emptyFields(21, MAX_ELEMENTS + 1))],
    ['request', emptyFields(1, MAX_ELEMENTS + 1)],
    ['request.tool_choice', inRequest(Buffer.alloc(4 * MAX_ELEMENTS, Buffer.from([98, 0])))],
  ])('counts %s', (path, bytes) => {
    expect(oversizeOf(bytes, SEND)).toEqual(tooMany(path));
  });

  it('counts the parts of all messages together', () => {
    const half = field(1, emptyFields(3, MAX_ELEMENTS / 2));
    expect(oversizeOf(inRequest(half, half), SEND)).toBeUndefined();
    const one = field(1, emptyFields(3, 1));
    expect(oversizeOf(inRequest(half, half, one), SEND)).toEqual(
      tooMany('request.messages[].parts'),
    );
  });

  it('counts numbers that come as one run of bytes, and one by one', () => {
    const groupBy = 3;
    const run = field(groupBy, Buffer.alloc(MAX_ELEMENTS + 1, 1));
    const single = Buffer.alloc(2 * MAX_ELEMENTS + 2, Buffer.from([groupBy << 3, 1]));
    for (const bytes of [run, single])
      expect(oversizeOf(bytes, USAGE)).toEqual(tooMany('group_by'));
  });

  it.each([
    ['request.model', (text: Buffer) => inRequest(field(2, text))],
    ['request.messages[].content', (text: Buffer) => inRequest(field(1, field(2, text)))],
    ['request.stop', (text: Buffer) => inRequest(field(8, Buffer.from('end')), field(8, text))],
    ['request.metadata[].key', (text: Buffer) => inRequest(field(26, field(1, text)))],
    ['request.metadata[].value', (text: Buffer) => inRequest(field(26, field(2, text)))],
  ])('refuses %s where it is no UTF-8', (path, bytes) => {
    for (const hex of ['ff', 'c3', 'c0af', 'eda080', 'f4908080', '61e282']) {
      const refusal = { field: path, description: 'must be UTF-8' };
      expect(oversizeOf(bytes(Buffer.from(hex, 'hex')), SEND)).toEqual(refusal);
    }
    for (const text of ['', 'a\u0000', 'é', '🙂', '\uffff']) {
      expect(oversizeOf(bytes(Buffer.from(text)), SEND)).toBeUndefined();
    }
  });

  it('leaves bytes alone', () => {
    const image = field(1, field(3, field(2, field(1, Buffer.from([0xff, 0xfe])))));
    expect(oversizeOf(inRequest(image), SEND)).toBeUndefined();
  });

  it('counts all fields, known or not', () => {
    const unknown = Buffer.alloc((MAX_FIELDS + 1) * 2, Buffer.from([0x78, 0]));
    expect(oversizeOf(unknown, SEND)).toMatchObject({ field: 'request' });
  });

  it.each([
    ['a length beyond the end', [0x0a, 5, 0]],
    ['a length beyond the message it stands in', [0x0a, 2, 0x0a, 5, 0, 0, 0, 0, 0]],
    ['a number that does not end', [0x08, 0x80]],
    ['a number of eleven bytes', [0x08, ...Array(11).fill(0x80), 0]],
    ['a fixed number beyond the end', [0x0d, 0]],
    ['a double beyond the end', [0x09, 0]],
    ['a group', [0x0b, 0x0c]],
    ['a field 0, which the decoder takes for the end', [0x0a, 0, 0, 0, 0x0a, 0]],
  ])('refuses %s', (_what, bytes) => {
    expect(oversizeOf(Uint8Array.from(bytes), SEND)).toBe('malformed');
  });

  it('passes nothing of which the decoder makes more than was counted', () => {
    const tags = [0x0a, 0x1a, 0x22, 0x3a, 0x42, 0x5a, 0x62, 0x78, 0x0d, 0, 1, 2, 4, 8, 0x80];
    const bytes = fc.array(fc.oneof(fc.constantFrom(...tags), fc.nat(255)), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, (list) => {
        const request = Uint8Array.from(list);
        if (oversizeOf(request, SEND) !== undefined) return;
        // Two bytes are the least that an element takes.
        expect(elementsOf(request)).toBeLessThanOrEqual(request.length / 2);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Objects and elements in what the decoder makes of a request; 0 if it refuses it. */
function elementsOf(bytes: Uint8Array): number {
  let decoded: unknown;
  try {
    decoded = SendMessageRequest.decode(bytes);
  } catch {
    return 0;
  }
  const count = (value: unknown): number => {
    if (Array.isArray(value)) return value.length + value.map(count).reduce((a, b) => a + b, 0);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
    return Object.values(value)
      .map(count)
      .reduce((a, b) => a + b, 0);
  };
  return count(decoded);
}

describe('requestShape', () => {
  it('knows no method that the contract does not have', () => {
    expect(() => requestShape('/tamma.provider.v1.IAIProvider/Nothing')).toThrow('Nothing');
  });
});
