import { expect, it } from '@jest/globals';
import { IAIBatchProviderService } from '../../../src/gen/tamma/provider/v1/batch_provider.ts';
import { RawRequest, rawService } from '../../../src/server/rpc/raw-service.ts';

const { getBatch, createBatch } = rawService(IAIBatchProviderService);
const bytes = Buffer.from('abc');

it('a request is gone once its handler has taken it, whoever keeps the call', () => {
  const request = getBatch?.requestDeserialize(bytes);
  if (!(request instanceof RawRequest)) throw new Error('It is no request.');
  expect(request.take()).toBe(bytes);
  expect(request.take()).toHaveLength(0);
});

it('requests of a stream are bytes, and a request is written as its bytes', () => {
  expect(createBatch?.requestDeserialize(bytes)).toBe(bytes);
  expect(createBatch?.requestSerialize(bytes)).toBe(bytes);
  expect(getBatch?.requestSerialize(new RawRequest(bytes))).toBe(bytes);
});
