import type { MessageRequest, Tool } from '../../core/message.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { checkWellFormed, IDENTIFIER, IDENTIFIER_RULE } from './text.ts';
import type { Violations } from './violations.ts';

const MAX_TOOLS = 128;
const MODES: ReadonlySet<string> = new Set(['auto', 'none', 'required']);

/** The functions and their use. */
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
  checkUse(violations, request, tools);
}

function checkTool(violations: Violations, path: string, tool: Tool): void {
  if (!IDENTIFIER.test(tool.name)) violations.malformed(`${path}.name`, IDENTIFIER_RULE);
  checkWellFormed(violations, `${path}.description`, tool.description);
  for (const problem of tool.inputSchema ? jsonSchemaProblems(tool.inputSchema) : []) {
    violations.malformed(`${path}.input_schema`, problem);
  }
}

function checkUse(violations: Violations, request: MessageRequest, tools: readonly Tool[]): void {
  if (request.parallelToolCalls !== undefined && tools.length === 0) {
    violations.malformed('request.parallel_tool_calls', 'is only allowed with tools');
  }
  const choice = request.toolChoice;
  if (choice === undefined) return;
  if (typeof choice !== 'string') {
    if ('functionName' in choice && !tools.some(({ name }) => name === choice.functionName)) {
      violations.malformed(
        'request.tool_choice.function_name',
        'must be the name of one of the tools',
      );
    }
  } else if (!MODES.has(choice)) {
    violations.malformed('request.tool_choice.mode', `must be one of ${[...MODES].join(', ')}`);
  } else if (choice === 'required' && tools.length === 0) {
    violations.malformed('request.tool_choice.mode', 'can only be required with tools');
  }
}
