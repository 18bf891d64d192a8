import type { Tool as ToolParam } from 'openai/resources/responses/responses';
import type { HostedTool } from '../core/message.ts';
import { unserved } from './unserved.ts';

/** A tool that the upstream runs, or whose form the model knows, as the Responses API takes it. */
export function toHostedTool(tool: HostedTool): ToolParam {
  switch (tool.type) {
    case 'apply_patch':
      return { type: 'apply_patch' };
    case 'shell':
      // The commands are the caller's to run, where it is.
      return { type: 'shell', environment: { type: 'local' } };
    default:
      return unserved(`the tool ${tool.type}`);
  }
}
