import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { FILE_DESCRIPTOR_SET } from '../gen/descriptors.ts';

/** What server reflection looks up. Files are serialized google.protobuf.FileDescriptorProto. */
export interface DescriptorIndex {
  /** Full names of all services, sorted. */
  readonly services: readonly string[];
  /** The file `name`, then everything it imports; undefined if there is no such file. */
  fileNamed(name: string): readonly Uint8Array[] | undefined;
  /**
   * The file that declares `symbol`, then everything it imports; undefined if none does. A symbol
   * is the full name of a message, field, oneof, enum, enum value, service or method.
   */
  fileDeclaring(symbol: string): readonly Uint8Array[] | undefined;
  /** Whether `symbol` is the full name of a message. */
  isMessage(symbol: string): boolean;
}

/**
 * How a descriptor nests, by the field numbers of google/protobuf/descriptor.proto. Read with the
 * wire reader that the generated code uses anyway: the protobuf runtime with its own descriptors
 * would cost every start some 30 ms and 15 MB for what only people with grpcurl use. Extensions are
 * left out, since the contract declares none.
 */
interface Shape {
  readonly kind: 'message' | 'enum' | 'service' | 'member';
  readonly members: ReadonlyMap<number, Shape>;
}

const NAME = 1;
const MEMBER: Shape = { kind: 'member', members: new Map() };
const ENUM: Shape = { kind: 'enum', members: new Map([[2, MEMBER]]) };
const SERVICE: Shape = { kind: 'service', members: new Map([[2, MEMBER]]) };
const messageMembers = new Map<number, Shape>();
const MESSAGE: Shape = { kind: 'message', members: messageMembers };
messageMembers.set(2, MEMBER).set(3, MESSAGE).set(4, ENUM).set(8, MEMBER);
const FILE = { package: 2, dependency: 3 } as const;
const FILE_MEMBERS: ReadonlyMap<number, Shape> = new Map([
  [4, MESSAGE],
  [5, ENUM],
  [6, SERVICE],
]);

type Field = readonly [number: number, value: Uint8Array];

interface File {
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

interface Declaration {
  readonly file: string;
  readonly kind: Shape['kind'];
}

let built: DescriptorIndex | undefined;

/** The index of the whole contract. Built when it is first asked for. */
export function descriptorIndex(): DescriptorIndex {
  // Node's base64 decoder skips the line breaks.
  built ??= buildDescriptorIndex(Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
  return built;
}

/**
 * Indexes a serialized google.protobuf.FileDescriptorSet.
 *
 * @throws Error if the bytes are not one.
 */
export function buildDescriptorIndex(fileDescriptorSet: Uint8Array): DescriptorIndex {
  const files = new Map<string, File>();
  const declarations = new Map<string, Declaration>();
  for (const [, bytes] of lengthDelimited(fileDescriptorSet)) {
    const fields = lengthDelimited(bytes);
    const [file = ''] = texts(fields, NAME);
    const [scope = ''] = texts(fields, FILE.package);
    files.set(file, { bytes, imports: texts(fields, FILE.dependency) });
    declareAll(fields, FILE_MEMBERS, scope, (symbol, kind) => {
      declarations.set(symbol, { file, kind });
    });
  }
  const fileNamed = (name: string) => (files.has(name) ? withImports(files, name) : undefined);
  return {
    services: [...declarations]
      .filter(([, { kind }]) => kind === 'service')
      .map(([symbol]) => symbol)
      .sort(),
    fileNamed,
    fileDeclaring(symbol) {
      const declaration = declarations.get(symbol);
      return declaration && fileNamed(declaration.file);
    },
    isMessage: (symbol) => declarations.get(symbol)?.kind === 'message',
  };
}

/** Tells `declare` of every symbol among `fields`, and of what those contain. */
function declareAll(
  fields: readonly Field[],
  members: ReadonlyMap<number, Shape>,
  scope: string,
  declare: (symbol: string, kind: Shape['kind']) => void,
): void {
  for (const [number, value] of fields) {
    const shape = members.get(number);
    if (shape === undefined) continue;
    const inner = lengthDelimited(value);
    const [name = ''] = texts(inner, NAME);
    const symbol = scope === '' ? name : `${scope}.${name}`;
    declare(symbol, shape.kind);
    // Protobuf follows C++: the values of an enum are siblings of the enum, not inside it.
    declareAll(inner, shape.members, shape.kind === 'enum' ? scope : symbol, declare);
  }
}

function withImports(files: ReadonlyMap<string, File>, name: string): readonly Uint8Array[] {
  const answer: Uint8Array[] = [];
  // A set yields what is added while it is walked.
  const names = new Set([name]);
  for (const next of names) {
    const file = files.get(next);
    if (file === undefined) continue;
    answer.push(file.bytes);
    for (const imported of file.imports) names.add(imported);
  }
  return answer;
}

/** The length-delimited fields of a message: strings and messages, which is what names are in. */
function lengthDelimited(message: Uint8Array): readonly Field[] {
  const reader = new BinaryReader(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) fields.push([number, reader.bytes()]);
    else reader.skip(type, number);
  }
  return fields;
}

function texts(fields: readonly Field[], wanted: number): readonly string[] {
  return fields.filter(([number]) => number === wanted).map(([, value]) => utf8.decode(value));
}

const utf8 = new TextDecoder();
