import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

/** A method of tamma.provider.v1.IAIProvider, read from the proto files alone. */
export interface Method {
  readonly path: string;
  /** @param message in camel case, enums as their names */
  encode(message: object): Buffer;
  /** The message with every field, enums as their names, and each oneof's name beside its field. */
  decode(bytes: Buffer): object;
}

const packages = loadSync('tamma/provider/v1/provider.proto', {
  includeDirs: ['proto', 'third_party'],
  enums: String,
  longs: Number,
  oneofs: true,
  defaults: true,
});

/** @param name as in the proto file: `SendMessage` */
export function methodOf(name: string): Method {
  const found = (packages['tamma.provider.v1.IAIProvider'] as ServiceDefinition)[name];
  if (found === undefined) throw new Error(`IAIProvider has no ${name}`);
  return { path: found.path, encode: found.requestSerialize, decode: found.responseDeserialize };
}

/** A SendMessageRequest, or a SendMessageSyncRequest, that asks one thing. */
export function ask(content: string): object {
  return { request: { model: 'gpt-4o', messages: [{ role: 'ROLE_USER', content }] } };
}
