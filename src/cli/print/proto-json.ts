import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { FILE_DESCRIPTOR_SET } from '../../gen/descriptors.ts';

/** The contract, by which messages are told in JSON, as protobuf maps them to it. */
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(FILE_DESCRIPTOR_SET, 'base64')),
);

/** Of a message type of the generated code. */
interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** @param name below tamma.provider.v1 */
export function messageJson<T>(name: string, type: Codec<T>, message: T): JsonValue {
  return jsonOf(fromBinary(schemaOf(`tamma.provider.v1.${name}`), type.encode(message).finish()));
}

/**
 * Reads a message from JSON; names of fields may be as in the proto file or in camelCase.
 *
 * @throws Error that says what is wrong with it
 */
export function messageFromJson<T>(name: string, type: Codec<T>, json: JsonValue): T {
  const schema = schemaOf(`tamma.provider.v1.${name}`);
  return type.decode(toBinary(schema, fromJson(schema, json, { registry })));
}

/** A google.rpc.Status with the details that a call ended with. */
export function statusJson(
  code: number,
  message: string,
  metadata: { get(key: string): readonly (string | Buffer)[] },
): JsonValue {
  const [packed] = metadata.get('grpc-status-details-bin');
  if (!(packed instanceof Buffer)) return { code, message } satisfies JsonObject;
  return jsonOf(fromBinary(schemaOf('google.rpc.Status'), packed));
}

function jsonOf(message: Message): JsonValue {
  return toJson(schemaOf(message.$typeName), message, { registry, alwaysEmitImplicit: true });
}

function schemaOf(name: string): DescMessage {
  const schema = registry.getMessage(name);
  if (schema === undefined) throw new Error(`${name} is not in the contract`);
  return schema;
}
