import type {
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../gen/grpc/reflection/v1/reflection.ts';
import { ServerReflectionService as ServerReflectionServiceV1Alpha } from '../gen/grpc/reflection/v1alpha/reflection.ts';
import { type DescriptorIndex, descriptorIndex } from './descriptor-index.ts';

/** Server reflection: lets grpcurl and its like call this server without the proto files. */
export interface Reflection {
  /** grpc.reflection.v1, and v1alpha for older clients: the same messages under two names. */
  readonly services: readonly {
    readonly definition: ServiceDefinition;
    readonly implementation: UntypedServiceImplementation;
  }[];
  /** Ends all open streams with OK: the server's graceful shutdown waits for them otherwise. */
  endStreams(): void;
}

type Stream = ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;
type Answer = ServerReflectionResponse['messageResponse'];

/** @param index asked for with each request, so that nothing is indexed before the first. */
export function createReflection(index: () => DescriptorIndex = descriptorIndex): Reflection {
  const streams = new Set<Stream>();

  function serverReflectionInfo(stream: Stream): void {
    streams.add(stream);
    stream.on('close', () => streams.delete(stream));
    stream.on('end', () => stream.end());
    stream.on('data', (request: ServerReflectionRequest) => {
      if (stream.write(respond(request, index))) return;
      stream.pause();
      stream.once('drain', () => stream.resume());
    });
  }

  const implementation = { serverReflectionInfo };
  return {
    services: [
      { definition: ServerReflectionService, implementation },
      { definition: ServerReflectionServiceV1Alpha, implementation },
    ],
    endStreams() {
      for (const stream of streams) {
        stream.pause();
        stream.end();
      }
    },
  };
}

function respond(
  request: ServerReflectionRequest,
  index: () => DescriptorIndex,
): ServerReflectionResponse {
  return {
    validHost: request.host,
    originalRequest: request,
    messageResponse: answerOrFailure(request, index),
  };
}

/** Never throws: in a listener of a stream that would end the process. */
function answerOrFailure(request: ServerReflectionRequest, index: () => DescriptorIndex): Answer {
  try {
    return answer(request.messageRequest, index());
  } catch {
    return failure(status.INTERNAL, 'the descriptors cannot be read');
  }
}

/** Failures are answers too: the stream goes on. */
function answer(
  request: ServerReflectionRequest['messageRequest'],
  index: DescriptorIndex,
): Answer {
  switch (request?.$case) {
    case 'fileByFilename':
      return fileAnswer(index.fileNamed(request.value), `file ${request.value}`);
    case 'fileContainingSymbol':
      return fileAnswer(index.fileDeclaring(request.value), `symbol ${request.value}`);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = request.value;
      return notFound(`extension ${extensionNumber} of ${containingType}`);
    }
    case 'allExtensionNumbersOfType':
      return extensionNumbersAnswer(request.value, index);
    case 'listServices':
      return {
        $case: 'listServicesResponse',
        value: { service: index.services.map((name) => ({ name })) },
      };
    default:
      return failure(status.INVALID_ARGUMENT, 'message_request is not set, or of an unknown kind');
  }
}

function fileAnswer(files: readonly Uint8Array[] | undefined, subject: string): Answer {
  if (files === undefined) return notFound(subject);
  return {
    $case: 'fileDescriptorResponse',
    value: { fileDescriptorProto: files.map((file) => Buffer.from(file)) },
  };
}

/** No message of the contract has extensions: a known one has an empty list of them. */
function extensionNumbersAnswer(type: string, index: DescriptorIndex): Answer {
  if (!index.isMessage(type)) return notFound(`message ${type}`);
  return {
    $case: 'allExtensionNumbersResponse',
    value: { baseTypeName: type, extensionNumber: [] },
  };
}

function notFound(subject: string): Answer {
  return failure(status.NOT_FOUND, `${subject} not found`);
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
