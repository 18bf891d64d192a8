import type { CustomFormat, MessageRequest, Tool } from '../../core/message.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { checkWellFormed, exceedsBytes, IDENTIFIER, IDENTIFIER_RULE } from './text.ts';
import { checkToolUse } from './tool-use.ts';
import type { Violations } from './violations.ts';

const MAX_TOOLS = 128;
const GRAMMARS: readonly string[] = ['lark', 'regex'];
/** Larger than any grammar that an upstream compiles. */
const MAX_GRAMMAR_BYTES = 256 * 1024;

/** The functions and custom tools, and the use of all tools. */
export function checkTools(violations: Violations, request: MessageRequest): void {
  const tools = request.tools ?? [];
  if (tools.length > MAX_TOOLS) {
    violations.malformed('request.tools', `must be at most ${MAX_TOOLS}`);
  }
  const names = new Set<string>();
  tools.slice(0, MAX_TOOLS).forEach((tool, index) => {
    checkTool(violations, `request.tools[${index}]`, tool);
    if (names.has(tool.name)) {
      violations.malformed(`request.tools[${index}].name`, 'must be unique among the tools');
    }
    names.add(tool.name);
  });
  checkToolUse(violations, request);
}

function checkTool(violations: Violations, path: string, tool: Tool): void {
  if (!IDENTIFIER.test(tool.name)) violations.malformed(`${path}.name`, IDENTIFIER_RULE);
  checkWellFormed(violations, `${path}.description`, tool.description);
  if (tool.custom !== undefined) {
    checkCustom(violations, path, tool, tool.custom);
    return;
  }
  for (const problem of tool.inputSchema ? jsonSchemaProblems(tool.inputSchema) : []) {
    violations.malformed(`${path}.input_schema`, problem);
  }
}

function checkCustom(
  violations: Violations,
  path: string,
  { inputSchema, strict }: Tool,
  format: CustomFormat,
): void {
  const rule = 'must not be set for a custom tool, whose input is free text';
  if (inputSchema) violations.malformed(`${path}.input_schema`, rule);
  if (strict !== undefined) violations.malformed(`${path}.strict`, rule);
  if (format.type === 'text') return;
  const field = `${path}.custom.grammar`;
  if (!GRAMMARS.includes(format.syntax)) {
    violations.malformed(`${field}.syntax`, `must be one of ${GRAMMARS.join(', ')}`);
  }
  const { definition } = format;
  if (definition === '') violations.malformed(`${field}.definition`, 'must not be empty');
  else if (exceedsBytes(definition, MAX_GRAMMAR_BYTES)) {
    violations.malformed(`${field}.definition`, 'must be at most 256 KiB');
  } else checkWellFormed(violations, `${field}.definition`, definition);
}
