/** What conversations and tools may hold that takes long to look at. */
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { SendMessageRequest } from '../../src/gen/tamma/provider/v1/provider.ts';
import { type Attack, COUNT_TOKENS, flood, MIB, SEND_MESSAGE, storm, whole } from './attack.ts';
import { saying } from './requests.ts';

const TEXTS: Readonly<Record<string, string>> = {
  'one letter': 'a'.repeat(MIB),
  'letters of several scripts in turn': 'aб字🙂'.repeat(MIB / 8),
  'families of emoji': '👩‍👩‍👧‍👦'.repeat(40_000),
  'marks upon one letter': `e${'\u0301'.repeat(MIB / 2)}`,
  'line breaks': '\r\n'.repeat(MIB / 2),
  apostrophes: "'s'S".repeat(MIB / 4),
};

const names = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const ofNames = (count: number, value: (at: number) => object) =>
  Object.fromEntries(names(count).map((at) => [`d${at}`, value(at)]));

const SCHEMAS: Readonly<Record<string, object>> = {
  '9,000 properties': { type: 'object', properties: ofNames(9_000, () => ({ type: 'string' })) },
  '6,000 definitions in a circle': {
    $ref: '#/$defs/d0',
    $defs: ofNames(6_000, (at) => ({ $ref: `#/$defs/d${(at + 1) % 6_000}` })),
  },
  '200 definitions that all name each other': {
    $ref: '#/$defs/d0',
    $defs: ofNames(200, (at) => ({
      anyOf: names(40).map((other) => ({ $ref: `#/$defs/d${(at * 7 + other) % 200}` })),
    })),
  },
  'a choice of 8,000': { oneOf: names(8_000).map((at) => ({ const: at })) },
};

let made = 0;

/** The schema of a tool, another text each time. */
function withSchema(schema: object): Buffer {
  const tool = { name: 'look', inputSchema: JSON.stringify({ title: `${made++}`, ...schema }) };
  const messages = [{ role: Role.USER, content: 'Look.' }];
  const request = SendMessageRequest.fromPartial({
    request: { model: 'gpt-4o', messages, tools: [tool] },
  });
  return whole(SendMessageRequest.encode(request).finish());
}

export const CONTENT_ATTACKS: readonly Attack[] = [
  ...Object.entries(TEXTS).map(([what, text]) => ({
    name: `200 texts to be counted: ${what}`,
    run: flood(COUNT_TOKENS, 200, saying(text)),
  })),
  ...Object.entries(SCHEMAS).map(([what, schema]) => ({
    name: `schemas without end: ${what}`,
    run: storm(
      [COUNT_TOKENS, SEND_MESSAGE],
      () => withSchema(schema),
      () => ({}),
      20,
    ),
  })),
];
