import { once } from 'node:events';
import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import {
  type ClientDuplexStream,
  credentials,
  makeClientConstructor,
  Server,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FILE_DESCRIPTOR_SET } from '../../src/gen/descriptors.ts';
import { buildDescriptorIndex, descriptorIndex } from '../../src/server/descriptor-index.ts';
import { createReflection, type Reflection } from '../../src/server/reflection.ts';
import { bindLibrary } from '../support/bind-library.ts';

type ServiceClient = InstanceType<ReturnType<typeof makeClientConstructor>>;

interface Answer {
  readonly valid_host?: string;
  readonly original_request?: Record<string, unknown>;
  readonly message_response?: string;
  readonly file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  readonly all_extension_numbers_response?: { base_type_name: string };
  readonly list_services_response?: { service: { name: string }[] };
  readonly error_response?: { error_code: number; error_message: string };
}

type Stream = ClientDuplexStream<Record<string, unknown>, Answer>;

const PROVIDER_FILE = 'tamma/provider/v1/provider.proto';
const USAGE_FILE = 'tamma/provider/v1/usage_provider.proto';
const SYMBOL = 'file_containing_symbol';

const fileSet = fromBinary(FileDescriptorSetSchema, Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
/** Built by a library that refuses what is not quite a descriptor. */
const registry = createFileRegistry(fileSet);

async function serve(reflection: Reflection): Promise<{ server: Server; address: string }> {
  const server = new Server();
  for (const { definition, implementation } of reflection.services) {
    server.addService(definition, implementation);
  }
  const address = await bindLibrary(server);
  return { server, address };
}

/** The client's side comes from the published proto files, through another library. */
function connect(address: string, version: string): ServiceClient {
  const name = `grpc.reflection.${version}.ServerReflection`;
  const definition = loadSync(`grpc/reflection/${version}/reflection.proto`, {
    includeDirs: ['third_party'],
    keepCase: true,
    oneofs: true,
  });
  const Client = makeClientConstructor(definition[name] as ServiceDefinition, name);
  return new Client(address, credentials.createInsecure());
}

function open(client: ServiceClient): Stream {
  return client.ServerReflectionInfo?.call(client);
}

async function ask(stream: Stream, request: Record<string, unknown>): Promise<Answer> {
  stream.write(request);
  const [answer] = await once(stream, 'data');
  return answer;
}

async function askOnce(client: ServiceClient, request: Record<string, unknown>): Promise<Answer> {
  const stream = open(client);
  const answer = await ask(stream, request);
  stream.end();
  await once(stream, 'status');
  return answer;
}

function filesOf(answer: Answer): FileDescriptorProto[] {
  const files = answer.file_descriptor_response?.file_descriptor_proto ?? [];
  return files.map((file) => fromBinary(FileDescriptorProtoSchema, file));
}

describe('the generated descriptors', () => {
  it('hold every import before the file that needs it', () => {
    const seen = new Set<string>();
    for (const { name, dependency } of fileSet.file) {
      for (const imported of dependency) expect(seen).toContain(imported);
      seen.add(name);
    }
  });

  it('keep the comments of the contract and no others', () => {
    const documented = fileSet.file.filter((file) => file.sourceCodeInfo !== undefined);
    const contract = fileSet.file.filter((file) => file.name.startsWith('tamma/'));
    expect(documented).toEqual(contract);
    expect(contract.length).toBeGreaterThan(0);
  });

  it('declare no extensions, which reflection would not find', () => {
    expect([...registry].filter((type) => type.kind === 'extension')).toEqual([]);
  });
});

describe('the descriptor index', () => {
  it('finds what the registry of another library knows, in the same file', () => {
    const index = buildDescriptorIndex(Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
    for (const type of registry) {
      const [file] = index.fileDeclaring(type.typeName) ?? [];
      expect(file && fromBinary(FileDescriptorProtoSchema, file)).toEqual(type.file.proto);
      expect(index.isMessage(type.typeName)).toBe(type.kind === 'message');
    }
  });

  it('finds the fields and oneofs of every message', () => {
    const isMessage = (type: { kind: string }): type is DescMessage => type.kind === 'message';
    for (const message of [...registry].filter(isMessage)) {
      for (const { name } of [...message.proto.field, ...message.proto.oneofDecl]) {
        expect(descriptorIndex().fileDeclaring(`${message.typeName}.${name}`)).toBeDefined();
      }
    }
  });

  it('is built once', () => {
    expect(descriptorIndex()).toBe(descriptorIndex());
  });

  it('indexes files without a package', () => {
    // FileDescriptorSet{file: {name: "a", message_type: {name: "M"}}}
    const set = Buffer.from([10, 8, 10, 1, 97, 34, 3, 10, 1, 77]);
    expect(buildDescriptorIndex(set).fileDeclaring('M')).toEqual([set.subarray(2)]);
  });

  it('leaves out an import that is not in the set', () => {
    // FileDescriptorSet{file: {name: "a", dependency: "b"}}
    const set = Buffer.from([10, 6, 10, 1, 97, 26, 1, 98]);
    expect(buildDescriptorIndex(set).fileNamed('a')).toEqual([set.subarray(2)]);
  });

  it('reads names that are not there as empty', () => {
    // FileDescriptorSet{file: {message_type: {}}}
    const index = buildDescriptorIndex(Buffer.from([10, 2, 34, 0]));
    expect(index.fileNamed('')).toHaveLength(1);
    expect(index.isMessage('')).toBe(true);
  });
});

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  const reflection = createReflection();
  let server: Server;
  let client: ServiceClient;

  beforeAll(async () => {
    const served = await serve(reflection);
    server = served.server;
    client = connect(served.address, version);
  });
  afterAll(() => {
    client.close();
    server.forceShutdown();
  });

  it('lists all services, itself included, sorted', async () => {
    const answer = await askOnce(client, { list_services: '*' });
    const names = answer.list_services_response?.service.map(({ name }) => name);
    const expected = [...registry].filter((type) => type.kind === 'service');
    expect(names).toEqual(expected.map(({ typeName }) => typeName).sort());
    expect(names).toEqual(
      expect.arrayContaining([
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'tamma.provider.v1.IAIProvider',
        'tamma.provider.v1.IAIUsageProvider',
      ]),
    );
  });

  it('answers a file with everything it imports, itself first, each once', async () => {
    const files = filesOf(await askOnce(client, { file_by_filename: PROVIDER_FILE }));
    const names = files.map(({ name }) => name);
    expect(names[0]).toBe(PROVIDER_FILE);
    expect(new Set(names).size).toBe(names.length);
    for (const imported of files.flatMap(({ dependency }) => dependency)) {
      expect(names).toContain(imported);
    }
    expect(names).toContain('google/protobuf/duration.proto');
  });

  it.each([
    ['a service', 'tamma.provider.v1.IAIProvider', PROVIDER_FILE],
    ['a method', 'tamma.provider.v1.IAIProvider.SendMessage', PROVIDER_FILE],
    ['another service', 'tamma.provider.v1.IAIUsageProvider', USAGE_FILE],
    ['a message', 'tamma.provider.v1.SendMessageRequest', PROVIDER_FILE],
    ['a field', 'tamma.provider.v1.SendMessageRequest.request', PROVIDER_FILE],
    ['a oneof', 'tamma.provider.v1.SendMessageResponse.event', PROVIDER_FILE],
    ['a nested enum', 'tamma.provider.v1.ProviderStatus.State', PROVIDER_FILE],
    ['a nested enum value', 'tamma.provider.v1.ProviderStatus.STATE_SERVING', PROVIDER_FILE],
    ['an enum', 'tamma.provider.v1.ErrorReason', 'tamma/provider/v1/error.proto'],
    ['an enum value', 'tamma.provider.v1.ERROR_REASON_TIMEOUT', 'tamma/provider/v1/error.proto'],
    ['a nested message', 'google.rpc.BadRequest.FieldViolation', 'google/rpc/error_details.proto'],
  ])('finds the file of %s', async (_kind, symbol, file) => {
    const [first] = filesOf(await askOnce(client, { [SYMBOL]: symbol }));
    expect(first?.name).toBe(file);
  });

  it.each([
    ['file_by_filename', 'tamma/none.proto', 'file tamma/none.proto not found'],
    [SYMBOL, 'tamma.provider.v1.None', 'symbol tamma.provider.v1.None not found'],
    [SYMBOL, 'tamma.provider.v1', 'symbol tamma.provider.v1 not found'],
    [
      SYMBOL,
      'tamma.provider.v1.ErrorReason.ERROR_REASON_TIMEOUT',
      'symbol tamma.provider.v1.ErrorReason.ERROR_REASON_TIMEOUT not found',
    ],
    [
      'file_containing_extension',
      { containing_type: 'tamma.provider.v1.Usage', extension_number: 100 },
      'extension 100 of tamma.provider.v1.Usage not found',
    ],
    [
      'all_extension_numbers_of_type',
      'tamma.provider.v1.IAIProvider',
      'message tamma.provider.v1.IAIProvider not found',
    ],
  ])('answers NOT_FOUND to %s %j', async (kind, value, message) => {
    const answer = await askOnce(client, { [kind]: value });
    expect(answer.error_response).toEqual({ error_code: status.NOT_FOUND, error_message: message });
  });

  it('answers that a message has no extensions', async () => {
    const type = 'tamma.provider.v1.Usage';
    const answer = await askOnce(client, { all_extension_numbers_of_type: type });
    expect(answer.all_extension_numbers_response).toEqual({ base_type_name: type });
  });

  it('goes on after a failure, and answers in order with the request and its host', async () => {
    const stream = open(client);
    const failed = await ask(stream, { host: 'a.example' });
    expect(failed.error_response?.error_code).toBe(status.INVALID_ARGUMENT);
    expect(failed.valid_host).toBe('a.example');
    const answered = await ask(stream, { host: 'b.example', [SYMBOL]: 'google.rpc.Status' });
    expect(answered).toMatchObject({
      valid_host: 'b.example',
      original_request: { host: 'b.example', [SYMBOL]: 'google.rpc.Status' },
      message_response: 'file_descriptor_response',
    });
    stream.end();
    const [ended] = await once(stream, 'status');
    expect(ended.code).toBe(status.OK);
  });

  it('answers every request of a client that asks faster than it reads', async () => {
    const stream = open(client);
    const asked = 100;
    for (let i = 0; i < asked; i++) {
      stream.write({ host: String(i), file_by_filename: PROVIDER_FILE });
    }
    stream.end();
    const hosts: (string | undefined)[] = [];
    for await (const answer of stream) hosts.push((answer as Answer).valid_host);
    expect(hosts).toEqual(Array.from({ length: asked }, (_, i) => String(i)));
  });
});

describe('reflection', () => {
  it('ends open streams with OK so that a graceful shutdown completes', async () => {
    const reflection = createReflection();
    const { server, address } = await serve(reflection);
    const client = connect(address, 'v1');
    const stream = open(client);
    await ask(stream, { list_services: '' });
    const ended = once(stream, 'status');
    const shutDown = new Promise((resolve) => server.tryShutdown(resolve));
    reflection.endStreams();
    expect((await ended)[0].code).toBe(status.OK);
    client.close();
    expect(await shutDown).toBeUndefined();
  });

  it('answers INTERNAL and lives when the descriptors cannot be read', async () => {
    const { server, address } = await serve(
      createReflection(() => buildDescriptorIndex(Buffer.from([0xff]))),
    );
    const client = connect(address, 'v1');
    for (const _ of ['once', 'and again']) {
      const answer = await askOnce(client, { list_services: '' });
      expect(answer.error_response?.error_code).toBe(status.INTERNAL);
    }
    client.close();
    server.forceShutdown();
  });

  it('forgets a stream that the client cancelled', async () => {
    const reflection = createReflection();
    const [service] = reflection.services;
    const serveStream = service?.implementation.serverReflectionInfo as (
      stream: NodeJS.ReadWriteStream,
    ) => void;
    const opened: NodeJS.ReadWriteStream[] = [];
    const implementation = {
      serverReflectionInfo(stream: NodeJS.ReadWriteStream) {
        opened.push(stream);
        serveStream(stream);
      },
    };
    const definition = service?.definition ?? {};
    const { server, address } = await serve({
      ...reflection,
      services: [{ definition, implementation }],
    });
    const client = connect(address, 'v1');
    const stream = open(client);
    stream.on('error', () => undefined);
    await ask(stream, { list_services: '' });
    const [opposite] = opened;
    if (opposite === undefined) throw new Error('the server saw no stream');
    stream.cancel();
    await once(opposite, 'close');
    const ends: unknown[] = [];
    opposite.end = () => {
      ends.push('ended');
      return opposite;
    };
    reflection.endStreams();
    expect(ends).toEqual([]);
    client.close();
    server.forceShutdown();
  });
});
