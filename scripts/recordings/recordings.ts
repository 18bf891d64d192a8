import { parse, type ScalarTag } from 'yaml';

export interface Recording {
  readonly surface: 'chat_completions' | 'responses';
  /** The body of the response: an event stream, or JSON. */
  readonly body: string;
  readonly streamed: boolean;
}

/** What Ruby writes where a text has bytes beyond ASCII. */
const BINARY: ScalarTag = {
  tag: '!binary',
  resolve: (text) => Buffer.from(text, 'base64').toString('utf8'),
};

type Fields = Readonly<Record<string, unknown>>;

/** The answers in a file; what is none, such as a list of models or a failure, is left out. */
export function recordingsOf(file: string, text: string): Recording[] {
  return bodiesOf(file, text).flatMap((body) => {
    const recording = toRecording(body);
    return recording === undefined ? [] : [recording];
  });
}

function bodiesOf(file: string, text: string): string[] {
  if (/\.ya?ml$/.test(file))
    return cassetteBodies(tryTo(() => parse(text, { customTags: [BINARY] })));
  if (file.endsWith('.json')) {
    const value = tryTo(() => JSON.parse(text));
    const bodies = cassetteBodies(value);
    return bodies.length > 0 ? bodies : [text];
  }
  const isStream = /^\s*(?:data|event|id|:)/.test(text);
  return [isStream ? text : dataOf(text)];
}

/** One JSON a line, or a line of several, as a stream. */
function dataOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `data: ${line}\n\n`)
    .join('');
}

function cassetteBodies(cassette: unknown): string[] {
  // As VCR.py calls them, and the VCR of Ruby.
  const { http_interactions, interactions = http_interactions } = fieldsOf(cassette);
  if (!Array.isArray(interactions)) return [];
  return interactions.flatMap((interaction) => {
    const response = fieldsOf(fieldsOf(interaction).response);
    if (response.parsed_body !== undefined) return [JSON.stringify(response.parsed_body)];
    const body = response.body ?? response.content;
    const text = typeof body === 'string' ? body : fieldsOf(body).string;
    return typeof text === 'string' ? [text] : [];
  });
}

function toRecording(body: string): Recording | undefined {
  const whole = tryTo(() => JSON.parse(body));
  if (whole !== undefined) {
    const { object, choices, error, output, status } = fieldsOf(whole);
    if (error) return undefined;
    // Completions of the first API and embeddings are other answers.
    if (object === 'chat.completion' || isChoices(choices))
      return { surface: 'chat_completions', body, streamed: false };
    const ended = status === 'completed' || status === 'incomplete';
    if (object === 'response' && Array.isArray(output) && ended)
      return { surface: 'responses', body, streamed: false };
    return undefined;
  }
  const events = streamData(body).map(fieldsOf);
  if (events.some(({ error }) => error)) return undefined;
  if (events.some(({ choices }) => isChoices(choices))) {
    const finished = events.some(({ choices }) => finishes(choices));
    return finished ? { surface: 'chat_completions', body, streamed: true } : undefined;
  }
  const ends = /^response\.(?:completed|incomplete|done)$/;
  if (events.some(({ type }) => ends.test(String(type))))
    return { surface: 'responses', body, streamed: true };
  return undefined;
}

/** The JSON in the events of a stream. */
export function streamData(body: string): unknown[] {
  return body
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((event) =>
      event
        .split(/\r\n|\n|\r/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n'),
    )
    .map((data) => tryTo(() => JSON.parse(data)))
    .filter((data) => data !== undefined);
}

function isChoices(choices: unknown): boolean {
  return (
    Array.isArray(choices) &&
    choices.some((choice) => 'delta' in fieldsOf(choice) || 'message' in fieldsOf(choice))
  );
}

function finishes(choices: unknown): boolean {
  return (
    Array.isArray(choices) && choices.some((choice) => Boolean(fieldsOf(choice).finish_reason))
  );
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function tryTo(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
