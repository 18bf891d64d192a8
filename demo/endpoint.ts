import { answer, startStubUpstream } from '../test/support/upstream/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What answers the sidecar. */
export interface Endpoint extends AsyncDisposable {
  readonly simulated: boolean;
  /** With the version's path. */
  readonly url: string;
  /** The variables that lead a sidecar to it. */
  readonly environment: Environment;
}

const OPENAI_URL = 'https://api.openai.com/v1';

/** Between two words, in ms: about as fast as people read. */
const PACE_MS = 35;

const ANSWER = `Hello! I am a simulated endpoint: these words were written in advance.
The way they took is real, though. Your prompt went over gRPC to the sidecar,
which checked it and sent it on as a Chat Completions request. Each word came
back as a server-sent event and left the sidecar as a text_delta, with no
timer and no buffer in between. Set OPENAI_API_KEY and ask again: then a
model answers in my place, and nothing else changes.`;

/** The real API if the environment holds a key for it, else a simulation on this machine. */
export async function openEndpoint(environment: Environment): Promise<Endpoint> {
  const { OPENAI_API_KEY, OPENAI_API_KEY_FILE, OPENAI_BASE_URL } = environment;
  if (OPENAI_API_KEY || OPENAI_API_KEY_FILE) {
    return {
      simulated: false,
      url: OPENAI_BASE_URL || OPENAI_URL,
      environment: {},
      async [Symbol.asyncDispose]() {},
    };
  }
  const stub = await startStubUpstream({ script: answer({ text: ANSWER, paceMs: PACE_MS }) });
  return {
    simulated: true,
    url: stub.url,
    environment: { OPENAI_API_KEY: 'simulated', OPENAI_BASE_URL: stub.url },
    [Symbol.asyncDispose]: () => stub.close(),
  };
}
