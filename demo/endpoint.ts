import { fileURLToPath } from 'node:url';
import { answer, startStubUpstream } from '../test/support/upstream/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What answers the sidecar. */
export interface Endpoint extends AsyncDisposable {
  /** What a simulation answers, whatever is asked. Absent: it is none. */
  readonly answer?: string;
  /** With the version's path. */
  readonly url: string;
  /** The variables that lead a sidecar to it. */
  readonly environment: Environment;
}

const OPENAI_URL = 'https://api.openai.com/v1';

/** Between two words, in ms: about as fast as people read. */
const PACE_MS = 35;

/** Of the first connection, in bytes: where the answer tells of it. */
const CUT_AFTER_BYTES = 12_200;

/** What the simulation answers; the README shows it. */
export const ANSWER = `Hello! I am a simulated endpoint: these words were written in advance.
The way they take is real. Your prompt went over gRPC to the sidecar, which
checked it, counted it and sent it on; each word comes back as an event. Then
the connection broke: I cut it myself, where you see the scissors. Nothing is
missing, and nothing came twice: the sidecar connected anew and asked for the
rest of the same answer. Set OPENAI_API_KEY, and a model answers in my place.`;

/**
 * The real API if the environment holds a key for it, else a simulation on this machine, which cuts
 * the connection in the middle of its first answer.
 *
 * @param onReconnect is called when the sidecar comes again for the rest
 */
export async function openEndpoint(
  environment: Environment,
  onReconnect: () => void,
): Promise<Endpoint> {
  const { OPENAI_API_KEY, OPENAI_API_KEY_FILE, OPENAI_BASE_URL } = environment;
  if (OPENAI_API_KEY || OPENAI_API_KEY_FILE) {
    return {
      url: OPENAI_BASE_URL || OPENAI_URL,
      environment: {},
      async [Symbol.asyncDispose]() {},
    };
  }
  const stub = await startStubUpstream({ script: answer({ text: ANSWER, paceMs: PACE_MS }) });
  let connections = 0;
  stub.responses.faultOf = () => {
    connections += 1;
    if (connections === 2) onReconnect();
    return connections === 1 ? { afterBytes: CUT_AFTER_BYTES, how: 'reset' } : undefined;
  };
  return {
    answer: ANSWER,
    url: stub.url,
    environment: {
      OPENAI_API_KEY: 'simulated',
      OPENAI_BASE_URL: stub.url,
      TAMMA_CONFIG: fileURLToPath(new URL('simulated.yaml', import.meta.url)),
    },
    [Symbol.asyncDispose]: () => stub.close(),
  };
}
