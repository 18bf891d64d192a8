import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { expect, it } from '@jest/globals';
import { SendMessageRequest } from '../../../src/gen/tamma/provider/v1/provider.ts';
import { cacheKey, INDIFFERENT } from '../../../src/money/cache/key.ts';
import { fromWireRequest } from '../../../src/server/convert/request.ts';
import { WireViolations } from '../../../src/server/convert/violations.ts';
import { aCall } from '../../support/events.ts';

/*
 * Every field of a request, those of the messages in it included, as the proto files have them: two requests
 * that differ in it alone get each other's answers only if it lies within one of the indifferent ones.
 */

const PACKAGE = 'tamma.provider.v1';
const packages = loadSync('tamma/provider/v1/provider.proto', {
  includeDirs: ['proto', 'third_party'],
  enums: String,
  longs: Number,
});
const service = packages[`${PACKAGE}.IAIProvider`] as ServiceDefinition;

/** google.protobuf.DescriptorProto, what is needed of it. */
interface Descriptor {
  readonly name: string;
  readonly field: readonly Field[];
  readonly nestedType: readonly Descriptor[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

/** A field that holds no others, and what a request is in which it has a value. */
interface Leaf {
  readonly path: string;
  readonly values: readonly [unknown, unknown];
  readonly within: (value: unknown) => object;
}

const typeOf = (name: string) =>
  (packages[`${PACKAGE}.${name}`] ?? packages[name.replace(/^\./, '')]) as MessageTypeDefinition<
    object,
    object
  >;

const descriptorOf = (name: string) => typeOf(name).type as Descriptor;

/** Without which a message says nothing, whatever else is in it. */
const BESIDE: Readonly<Record<string, object>> = {
  'messages.parts.image': { uri: 'https://example.com/a.png' },
  'messages.parts.file': { uri: 'https://example.com/a.pdf' },
  'toolChoice.allowed': { mode: 'TOOL_CHOICE_MODE_AUTO' },
};

/** One of them at most is in a message. */
const SOURCES = ['data', 'uri', 'fileId'];

/** Two values that differ, neither of them the default. */
function valuesOf({ type, typeName }: Field): readonly [unknown, unknown] {
  switch (type) {
    case 'TYPE_STRING':
      return ['left', 'right'];
    case 'TYPE_BYTES':
      return [Buffer.from('left'), Buffer.from('right')];
    case 'TYPE_BOOL':
      return [false, true];
    case 'TYPE_ENUM': {
      const { value } = typeOf(typeName).type as { value: readonly { readonly name: string }[] };
      const [, first, second = value[0]] = value;
      return [first?.name, second?.name];
    }
    default:
      return [3, 5];
  }
}

/** Fields that hold no others, and each key and value of a map. */
function leaves(
  { field, nestedType }: Descriptor,
  path: string,
  within: (members: object) => object,
): readonly Leaf[] {
  return field.flatMap((each): readonly Leaf[] => {
    const { name, label, type, typeName } = each;
    const at = path === '' ? name : `${path}.${name}`;
    const entry = nestedType.find((nested) => nested.name === typeName && nested.options?.mapEntry);
    if (entry !== undefined) {
      const [key, value] = entry.field.map(valuesOf) as [Leaf['values'], Leaf['values']];
      const keys = key.map((one) => ({ [String(one)]: value[0] })) as [object, object];
      const values = value.map((one) => ({ [String(key[0])]: one })) as [object, object];
      const inMap = (members: unknown) => within({ [name]: members });
      return [
        { path: `${at} (key)`, values: keys, within: inMap },
        { path: `${at} (value)`, values, within: inMap },
      ];
    }
    const isList = label === 'LABEL_REPEATED';
    const inside = (value: unknown) => within({ [name]: isList ? [value] : value });
    if (type !== 'TYPE_MESSAGE') return [{ path: at, values: valuesOf(each), within: inside }];
    const inner = descriptorOf(typeName);
    // One that may be empty says something by being there.
    if (inner.field.length === 0) {
      return [
        {
          path: at,
          values: [{}, undefined],
          within: (value) => (value ? inside(value) : within({})),
        },
      ];
    }
    return leaves(inner, at, (members) =>
      inside(SOURCES.some((source) => source in members) ? members : { ...BESIDE[at], ...members }),
    );
  });
}

/** As a sidecar has it that was sent the request. */
function keyOf(request: object): string {
  const bytes = service.SendMessage?.requestSerialize({
    request: { messages: [{ role: 'ROLE_USER', content: 'Hi' }], ...request },
  });
  const decoded = SendMessageRequest.decode(bytes ?? new Uint8Array());
  const asked = fromWireRequest(decoded.request, new WireViolations());
  return cacheKey(aCall({ request: asked, asked, model: asked.model ?? 'gpt-test' }), {
    share: 'project',
    endpointOf: () => '',
  });
}

const LEAVES = leaves(descriptorOf('MessageRequest'), '', (members) => members);

/** What decides by more than its value. */
const OTHERWISE: Readonly<Record<string, string>> = {
  contextPolicy: 'of the policies, one alone has the upstream compact',
  'tools.custom.text': 'is the default',
  'responseFormat.text': 'is the default',
};

it.each(LEAVES.map((leaf) => [leaf.path, leaf] as const))('%s', (path, { values, within }) => {
  const [one, other] = values.map((value) => keyOf(within(value)));
  const [top = ''] = path.split(/[. ]/);
  const isIndifferent = INDIFFERENT.some((field) => field === top) || path in OTHERWISE;
  expect(one === other).toBe(isIndifferent);
});

it('knows all of them', () => {
  expect(LEAVES.length).toBeGreaterThan(80);
});
