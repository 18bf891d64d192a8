import type { HostedTool, MessageRequest } from '../../core/message.ts';
import type { Target } from '../../core/model.ts';
import type { Violations } from '../validate/violations.ts';
import type { HostedToolOptions } from './hosted-tool-options.ts';
import { type Feature, lacking, missingOn, type Problem } from './problems.ts';

type Refusals = Pick<Violations, 'unsupported'>;

/** What a model must be capable of to use a tool. */
const FEATURES = {
  web_search: 'webSearch',
  file_search: 'fileSearch',
  code_interpreter: 'codeInterpreter',
  image_generation: 'imageGeneration',
  mcp: 'mcp',
  apply_patch: 'applyPatch',
  shell: 'shell',
} as const satisfies Readonly<Record<HostedTool['type'], Feature>>;

const onlyOnResponses = missingOn('chat_completions');

/** Refuses tools that the target does not know, or that the configuration does not allow. */
export function checkToolKinds(
  request: MessageRequest,
  target: Target,
  options: HostedToolOptions,
  refusals: Refusals,
): void {
  const tell = (path: string, problems: readonly Problem[]) => {
    const problem = problems.map((each) => each(request, target)).find((found) => found);
    if (problem) refusals.unsupported(path, problem);
    return problem === undefined;
  };
  request.tools?.forEach(({ custom }, index) => {
    if (custom) tell(`request.tools[${index}].custom`, [lacking('customTools')]);
  });
  request.hostedTools?.forEach((tool, index) => {
    const path = `request.hosted_tools[${index}].${tool.type}`;
    const known = tell(path, [lacking('tools'), lacking(FEATURES[tool.type]), onlyOnResponses]);
    if (known) checkAllowed(tool, path, options, refusals);
  });
}

/** What the caller runs itself needs nobody's leave. */
function checkAllowed(
  tool: HostedTool,
  path: string,
  { allow, mcpServers }: HostedToolOptions,
  refusals: Refusals,
): void {
  if (tool.type === 'apply_patch' || tool.type === 'shell') return;
  if (!allow.includes(tool.type)) {
    refusals.unsupported(path, 'is not allowed by the configuration (hostedTools.allow)');
    return;
  }
  if (tool.type !== 'mcp') return;
  const server = Object.hasOwn(mcpServers, tool.server) ? mcpServers[tool.server] : undefined;
  if (server === undefined) {
    refusals.unsupported(
      `${path}.server`,
      'is not one of the configuration (hostedTools.mcpServers)',
    );
    return;
  }
  tool.allowedTools?.forEach((name, index) => {
    if (server.allowedTools === undefined || server.allowedTools.includes(name)) return;
    const rule = 'is not one of the tools that the configuration allows of this server';
    refusals.unsupported(`${path}.allowed_tools[${index}]`, rule);
  });
}
