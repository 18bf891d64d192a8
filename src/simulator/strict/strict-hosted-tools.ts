import {
  anyObject,
  arrayOf,
  type Check,
  decimal,
  either,
  integer,
  nullable,
  object,
  oneOf,
  text,
} from './strict-values.ts';

/** The tools of Responses that OpenAI runs or that its models know, as the SDK types them. */

const isString = (value: unknown): boolean => typeof value === 'string';
const names = (most: number): Check => arrayOf(text({ least: 1 }), 1, most);

const LOCATION = object(
  {
    type: oneOf('approximate'),
    city: nullable(text()),
    region: nullable(text()),
    country: nullable(text({ least: 2, most: 2 })),
    timezone: nullable(text()),
  },
  ['type'],
);

const CONTAINER = either(
  isString,
  text({ least: 1 }),
  object({ type: oneOf('auto'), file_ids: names(50), memory_limit: text() }, ['type']),
);

export const HOSTED_TOOLS: Readonly<Record<string, Check>> = {
  apply_patch: object({ type: oneOf('apply_patch') }, ['type']),
  shell: object(
    { type: oneOf('shell'), environment: nullable(object({ type: oneOf('local') }, ['type'])) },
    ['type'],
  ),
  web_search: object(
    {
      type: oneOf('web_search'),
      filters: nullable(object({ allowed_domains: nullable(names(100)) }, [])),
      search_context_size: oneOf('low', 'medium', 'high'),
      user_location: nullable(LOCATION),
    },
    ['type'],
  ),
  file_search: object(
    {
      type: oneOf('file_search'),
      vector_store_ids: names(100),
      max_num_results: integer(1, 50),
      filters: nullable(anyObject),
      ranking_options: anyObject,
    },
    ['type', 'vector_store_ids'],
  ),
  code_interpreter: object({ type: oneOf('code_interpreter'), container: CONTAINER }, [
    'type',
    'container',
  ]),
  image_generation: object(
    {
      type: oneOf('image_generation'),
      size: text(),
      quality: oneOf('low', 'medium', 'high', 'auto'),
      background: oneOf('transparent', 'opaque', 'auto'),
      output_format: oneOf('png', 'webp', 'jpeg'),
      output_compression: decimal(0, 100),
    },
    ['type'],
  ),
  mcp: object(
    {
      type: oneOf('mcp'),
      server_label: text({ least: 1, pattern: /^[A-Za-z][A-Za-z0-9_-]*$/ }),
      server_url: text({ least: 1, pattern: /^https?:/ }),
      server_description: text(),
      allowed_tools: nullable(names(100)),
      require_approval: nullable(oneOf('always', 'never')),
      authorization: text({ least: 1 }),
      headers: nullable(anyObject),
    },
    ['type', 'server_label', 'server_url'],
  ),
};
