import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { FILE_DESCRIPTOR_SET } from '../../gen/descriptors.ts';

/** A field of a request that decodes to a text, to an object or to elements of a list. */
export interface ShapedField {
  /** As error details name it: `request.messages[].parts`. */
  readonly path: string;
  /** Unique within the shape of one request; small, to index a list with. */
  readonly index: number;
  /** A list of numbers, which may come as one run of bytes. */
  readonly packable: boolean;
  /** Whether elements of it are counted: a text that stands alone is as long as it is. */
  readonly counted: boolean;
  /** Whether it is a text, which must be UTF-8. */
  readonly text: boolean;
  /** What stands within, if that is a message. */
  readonly shape: RequestShape | undefined;
}

/** The fields of a message that may make it large in memory, or be no text, by field number. */
export type RequestShape = ReadonlyMap<number, ShapedField>;

/** Field numbers of google/protobuf/descriptor.proto. */
const FILE = { package: 2, message: 4, service: 6 } as const;
const MESSAGE = { name: 1, field: 2, nested: 3 } as const;
const FIELD = { name: 1, number: 3, label: 4, type: 5, typeName: 6 } as const;
const SERVICE = { name: 1, method: 2 } as const;
const METHOD = { name: 1, input: 2 } as const;

const LABEL_REPEATED = 3;
const TYPE_STRING = 9;
const TYPE_MESSAGE = 11;
const TYPE_BYTES = 12;

interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  readonly type: number;
  readonly typeName: string;
}

interface Contract {
  /** The fields of each message, by full name with a leading dot; of most messages nobody asks. */
  readonly messages: ReadonlyMap<string, () => readonly FieldDescriptor[]>;
  /** The request of each method, by its path: `/tamma.provider.v1.IAIProvider/SendMessage`. */
  readonly requests: ReadonlyMap<string, string>;
}

let read: Contract | undefined;

/**
 * The shape of a method's request, as the contract has it.
 *
 * @param path `/tamma.provider.v1.IAIProvider/SendMessage`
 * @throws Error if the contract has no such method, or if its request may hold itself
 */
export function requestShape(path: string): RequestShape {
  read ??= readContract(Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
  const { messages, requests } = read;
  const request = requests.get(path);
  if (request === undefined) throw new Error(`the contract has no ${path}`);
  let fields = 0;

  function shapeOf(type: string, prefix: string, within: readonly string[]): RequestShape {
    if (within.includes(type)) throw new Error(`${type} may hold itself`);
    const shape = new Map<number, ShapedField>();
    for (const field of messages.get(type)?.() ?? []) {
      const { name, number, repeated, type: kind, typeName } = field;
      if (!isCounted(field) && kind !== TYPE_STRING) continue;
      const at = `${prefix}${name}`;
      const below = `${at}${repeated ? '[]' : ''}.`;
      shape.set(number, {
        path: at,
        index: fields++,
        counted: isCounted(field),
        text: kind === TYPE_STRING,
        packable: ![TYPE_STRING, TYPE_BYTES, TYPE_MESSAGE].includes(kind),
        shape: kind === TYPE_MESSAGE ? shapeOf(typeName, below, [...within, type]) : undefined,
      });
    }
    return shape;
  }

  return shapeOf(request, '', []);
}

function isCounted({ repeated, type }: FieldDescriptor): boolean {
  return repeated || type === TYPE_MESSAGE;
}

function readContract(fileDescriptorSet: Uint8Array): Contract {
  const messages = new Map<string, () => readonly FieldDescriptor[]>();
  const requests = new Map<string, string>();

  function addMessage(bytes: Uint8Array, scope: string): void {
    const message = fieldsOf(bytes);
    const name = `${scope}.${text(message, MESSAGE.name)}`;
    let read: readonly FieldDescriptor[] | undefined;
    messages.set(name, () => {
      read ??= bytesAt(message, MESSAGE.field).map(readField);
      return read;
    });
    for (const nested of bytesAt(message, MESSAGE.nested)) addMessage(nested, name);
  }

  for (const bytes of bytesAt(fieldsOf(fileDescriptorSet), 1)) {
    const file = fieldsOf(bytes);
    const scope = text(file, FILE.package);
    for (const message of bytesAt(file, FILE.message)) addMessage(message, `.${scope}`);
    for (const service of bytesAt(file, FILE.service).map(fieldsOf)) {
      for (const method of bytesAt(service, SERVICE.method).map(fieldsOf)) {
        const path = `/${scope}.${text(service, SERVICE.name)}/${text(method, METHOD.name)}`;
        requests.set(path, text(method, METHOD.input));
      }
    }
  }
  return { messages, requests };
}

function readField(bytes: Uint8Array): FieldDescriptor {
  const field = fieldsOf(bytes);
  const number = (at: number) => field.find(([found]) => found === at)?.[1];
  return {
    name: text(field, FIELD.name),
    number: Number(number(FIELD.number)),
    repeated: number(FIELD.label) === LABEL_REPEATED,
    type: Number(number(FIELD.type)),
    typeName: text(field, FIELD.typeName),
  };
}

type Field = readonly [number: number, value: number | Uint8Array];

function fieldsOf(message: Uint8Array): readonly Field[] {
  const reader = new BinaryReader(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) fields.push([number, reader.bytes()]);
    else if (type === WireType.Varint) fields.push([number, Number(reader.int64())]);
    else reader.skip(type, number);
  }
  return fields;
}

function bytesAt(fields: readonly Field[], wanted: number): readonly Uint8Array[] {
  return fields.flatMap(([number, value]) =>
    number === wanted && typeof value !== 'number' ? [value] : [],
  );
}

function text(fields: readonly Field[], wanted: number): string {
  return Buffer.from(bytesAt(fields, wanted)[0] ?? []).toString();
}
