import { TASKS } from '../../config/tasks.ts';
import { isObject } from '../../core/is-object.ts';
import {
  type CachePolicy,
  type ContentPart,
  type CustomFormat,
  type HostedTool,
  IMAGE_DETAILS,
  type Message,
  type MessageRequest,
  type PromptCacheOptions,
  type ReasoningItem,
  type ResponseFormat,
  type SearchLocation,
  type Tool,
  type ToolCall,
} from '../../core/message.ts';
import { Violations } from './violations.ts';

/** Notes what keeps a value from being of a type, at its path. */
type Check = (violations: Violations, path: string, value: unknown) => void;

type Fields<T> = { readonly [Name in keyof Required<T>]: Check };

/** Of each alternative the fields, by its `type`. */
type Alternatives<T extends { readonly type: string }> = {
  readonly [Type in T['type']]: Fields<Omit<Extract<T, { readonly type: Type }>, 'type'>>;
};

function is(what: string, holds: (value: unknown) => boolean): Check {
  return (violations, path, value) => {
    if (!holds(value)) violations.malformed(path, `must be ${what}`);
  };
}

const text = is('a text', (value) => typeof value === 'string');
const number = is('a number', (value) => typeof value === 'number');
const flag = is('true or false', (value) => typeof value === 'boolean');
const bytes = is('bytes', (value) => value instanceof Uint8Array);
const object = is('an object', isObject);
const list = is('a list', Array.isArray);

const oneOf = (...words: string[]): Check =>
  is(`one of ${words.join(', ')}`, (value) => words.includes(value as string));

function maybe(check: Check): Check {
  return (violations, path, value) => {
    if (value !== undefined) check(violations, path, value);
  };
}

function listOf(check: Check): Check {
  return (violations, path, value) => {
    if (!Array.isArray(value)) list(violations, path, value);
    // Not forEach, which passes over what is missing.
    else for (const [at, one] of value.entries()) check(violations, `${path}[${at}]`, one);
  };
}

/** Of names that the caller chooses. */
function mapOf(check: Check): Check {
  return (violations, path, value) => {
    object(violations, path, value);
    for (const [name, one] of Object.entries(isObject(value) ? value : {})) {
      check(violations, `${path}[${name}]`, one);
    }
  };
}

function having<T>(fields: Fields<T>): Check {
  const checks = Object.entries<Check>(fields).map(([name, check]) => {
    // As the contract names it.
    const field = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return { name, field, check };
  });
  return (violations, path, value) => {
    if (!isObject(value)) {
      object(violations, path, value);
      return;
    }
    for (const { name, field, check } of checks) check(violations, `${path}.${field}`, value[name]);
  };
}

function either<T extends { readonly type: string }>(alternatives: Alternatives<T>): Check {
  const known = new Map(
    Object.entries<Fields<object>>(alternatives).map(([type, fields]) => [type, having(fields)]),
  );
  const anyOf = having({ type: oneOf(...known.keys()) });
  return (violations, path, value) => {
    const { type } = (value ?? {}) as { readonly type?: string };
    (known.get(type ?? '') ?? anyOf)(violations, path, value);
  };
}

const texts = listOf(text);

const PARTS = listOf(
  either<ContentPart>({
    text: { text },
    image: {
      data: maybe(bytes),
      uri: maybe(text),
      mediaType: maybe(text),
      detail: maybe(oneOf(...IMAGE_DETAILS)),
    },
    file: {
      data: maybe(bytes),
      uri: maybe(text),
      fileId: maybe(text),
      name: maybe(text),
      mediaType: maybe(text),
    },
  }),
);

const CONTENT: Check = (violations, path, value) => {
  if (typeof value === 'string') return;
  if (!Array.isArray(value)) violations.malformed(path, 'must be a text or a list of parts');
  else PARTS(violations, path.replace(/content$/, 'parts'), value);
};

const MESSAGE = having<Message>({
  role: text,
  content: CONTENT,
  toolCalls: maybe(
    listOf(
      having<ToolCall>({
        id: text,
        name: text,
        arguments: text,
        kind: maybe(oneOf('function', 'custom', 'apply_patch', 'shell', 'mcp_approval')),
        providerData: maybe(text),
      }),
    ),
  ),
  toolCallId: maybe(text),
  name: maybe(text),
  reasoningItems: maybe(
    listOf(
      having<ReasoningItem>({
        id: text,
        encryptedContent: text,
        summary: texts,
        type: maybe(text),
      }),
    ),
  ),
  phase: maybe(text),
  providerData: maybe(text),
  reasoning: maybe(text),
});

const TOOL = having<Tool>({
  name: text,
  description: maybe(text),
  inputSchema: maybe(text),
  strict: maybe(flag),
  custom: maybe(either<CustomFormat>({ text: {}, grammar: { syntax: text, definition: text } })),
});

const TOOL_MODE = oneOf('auto', 'none', 'required');

const NAMED_TOOL = having({
  functionName: maybe(text),
  customName: maybe(text),
  hosted: maybe(text),
  allowed: maybe(having({ mode: TOOL_MODE, names: texts })),
});

const TOOL_CHOICE: Check = (violations, path, value) =>
  (typeof value === 'string' ? TOOL_MODE : NAMED_TOOL)(violations, path, value);

const HOSTED_TOOL = either<HostedTool>({
  web_search: {
    allowedDomains: maybe(texts),
    searchContextSize: maybe(text),
    location: maybe(
      having<SearchLocation>({
        city: maybe(text),
        region: maybe(text),
        country: maybe(text),
        timezone: maybe(text),
      }),
    ),
  },
  file_search: { vectorStoreIds: texts, maxResults: maybe(number), filters: maybe(text) },
  code_interpreter: { containerId: maybe(text), fileIds: maybe(texts) },
  image_generation: {
    size: maybe(text),
    quality: maybe(text),
    background: maybe(text),
    outputFormat: maybe(text),
  },
  mcp: { server: text, allowedTools: maybe(texts) },
  apply_patch: {},
  shell: {},
});

const REQUEST = having<MessageRequest>({
  messages: listOf(MESSAGE),
  model: maybe(text),
  maxTokens: maybe(number),
  temperature: maybe(number),
  topP: maybe(number),
  frequencyPenalty: maybe(number),
  presencePenalty: maybe(number),
  stop: maybe(texts),
  seed: maybe(number),
  reasoningEffort: maybe(text),
  tools: maybe(listOf(TOOL)),
  toolChoice: maybe(TOOL_CHOICE),
  parallelToolCalls: maybe(flag),
  responseFormat: maybe(
    either<ResponseFormat>({
      text: {},
      json_object: {},
      json_schema: { name: text, schema: text, strict: maybe(flag), description: maybe(text) },
    }),
  ),
  taskType: maybe(oneOf(...TASKS)),
  serviceTier: maybe(text),
  verbosity: maybe(text),
  promptCacheKey: maybe(text),
  promptCacheRetention: maybe(text),
  safetyIdentifier: maybe(text),
  logitBias: maybe(mapOf(number)),
  prediction: maybe(text),
  fallbackModels: maybe(texts),
  cache: maybe(
    having<CachePolicy>({
      mode: maybe(oneOf('bypass', 'use', 'refresh')),
      ttlMs: maybe(number),
      coalesce: maybe(flag),
    }),
  ),
  contextPolicy: maybe(oneOf('reject', 'truncate_oldest', 'truncate_middle', 'compact')),
  metadata: maybe(mapOf(text)),
  reasoningSummary: maybe(text),
  promptCacheOptions: maybe(having<PromptCacheOptions>({ mode: maybe(text), ttl: maybe(text) })),
  hostedTools: maybe(listOf(HOSTED_TOOL)),
  maxToolCalls: maybe(number),
  idempotencyKey: maybe(text),
});

/**
 * Whether a request is what its type says, which plain JavaScript does not see to.
 *
 * @throws ProviderError INVALID_REQUEST with every field that is of another type
 */
export function checkTypes(request: unknown): void {
  const violations = new Violations();
  REQUEST(violations, 'request', request);
  violations.throwIfAny('');
}
