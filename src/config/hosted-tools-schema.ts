import { z } from 'zod';
import { baseUrl, choice, filePath, group, map, variableName } from './fields.ts';

/** As src/request/fit/hosted-tool-options.ts names them; a test holds them alike. */
export const UPSTREAM_TOOLS = [
  'web_search',
  'file_search',
  'code_interpreter',
  'image_generation',
  'mcp',
] as const;

const SERVER_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
const TOOL_NAME = /^[!-~]{1,256}$/;

const toolError = 'must be the name of a tool, in visible ASCII';

/** Where a secret is; never the secret itself. */
const secret = group(
  {
    file: filePath().exactOptional(),
    environment: variableName().exactOptional(),
  },
  'must be a group of keys: file or environment; never a secret itself',
)
  .refine(({ file, environment }) => (file === undefined) !== (environment === undefined), {
    error: 'must name either a file or an environment variable',
  })
  .meta({ oneOf: [{ required: ['file'] }, { required: ['environment'] }] });

const server = group({
  url: baseUrl().describe('Where the upstream finds it. Required.'),
  description: z
    .string('must be text')
    .max(1_024, 'must be at most 1,024 characters')
    .exactOptional(),
  allowedTools: z
    .array(z.string(toolError).regex(TOOL_NAME, toolError), 'must be a list')
    .exactOptional(),
  requireApproval: choice(
    'Whether the caller is asked before each call of one of its tools.',
    ['always', 'never'],
    'always',
  ),
  authorization: secret.exactOptional(),
  headers: map(z.string().regex(HEADER_NAME), secret, 'must have the name of a header').default({}),
});

export const hostedToolsSchema = group({
  allow: z
    .array(z.enum(UPSTREAM_TOOLS, `must be one of ${UPSTREAM_TOOLS.join(', ')}`), 'must be a list')
    .default([])
    .describe(
      `Tools that callers may have the upstream run, of ${UPSTREAM_TOOLS.join(', ')}; default [].`,
    ),
  mcpServers: map(
    z.string().regex(SERVER_NAME),
    server,
    'must have a name of 1 to 63 letters, digits, hyphens and underscores',
  )
    .prefault({})
    .describe('MCP servers that the upstream may call, by the name that callers use; default {}.'),
});
