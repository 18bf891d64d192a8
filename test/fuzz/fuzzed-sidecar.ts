import { Writable } from 'node:stream';
import { createApp } from '../../src/app.ts';
import type { MessageRequest } from '../../src/gen/tamma/provider/v1/message.ts';
import { SendMessageRequest } from '../../src/gen/tamma/provider/v1/provider.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { load } from '../support/config.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { startStubUpstream } from '../support/upstream/index.ts';
import { openAIUrl, standInForOpenAI } from './as-openai.ts';
import { StrictUpstream } from './strict-upstream.ts';
import type { Verdict } from './verdict.ts';

const API_KEY = 'sk-fuzz-0123456789abcdef';
const METHOD = '/tamma.provider.v1.IAIProvider/SendMessage';
const OK = 0;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

export interface FuzzedSidecar {
  judge(request: MessageRequest): Promise<Verdict>;
  close(): Promise<void>;
}

/** The whole sidecar, which takes a strict stub for OpenAI. */
export async function startFuzzedSidecar(): Promise<FuzzedSidecar> {
  const upstream = new StrictUpstream(new Date().toISOString().slice(0, 10));
  const stub = await startStubUpstream({ script: upstream.behaviour, keepRequests: false });
  const restore = standInForOpenAI();
  const config = load('insecureBaseUrl: true', {
    OPENAI_API_KEY: API_KEY,
    OPENAI_BASE_URL: openAIUrl(stub.port),
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
  });
  const destination = new Writable({ write: (_chunk, _encoding, done) => done() });
  const logger = createLogger({ level: 'error', destination });
  const app = createApp(config, { version: '0.0.0', logger });
  const [address = ''] = await app.start();
  const client = new RawGrpc(address);
  return {
    async judge(request) {
      const sent = upstream.accepted;
      const message = SendMessageRequest.encode({ request, options: undefined }).finish();
      const code = await grpcStatus(client.call(METHOD, message));
      upstream.assertNothingRejected();
      if (code === OK) return 'answered';
      if (code !== INVALID_ARGUMENT && code !== NOT_FOUND) throw new Error(`gRPC status ${code}`);
      if (upstream.accepted > sent) throw new Error(`status ${code} after the upstream was asked`);
      return 'refused';
    },
    async close() {
      await client.close();
      await app.stop();
      restore();
      await stub.close();
    },
  };
}
