import type { HostedTool } from '../../core/message.ts';
import { present } from '../../core/present.ts';
import type * as wire from '../../gen/tamma/provider/v1/message.ts';
import { list, text } from './present.ts';
import type { WireViolations } from './violations.ts';

/** Tools that the upstream or the model brings along. */
export function fromWireHostedTools(
  tools: readonly wire.HostedTool[],
  violations: WireViolations,
): readonly HostedTool[] | undefined {
  return list(
    tools.flatMap(
      (tool, i) =>
        fromWireHostedTool(tool) ??
        violations.add(`request.hosted_tools[${i}]`, 'must be one of the tools') ??
        [],
    ),
  );
}

function fromWireHostedTool({ tool }: wire.HostedTool): HostedTool | undefined {
  switch (tool?.$case) {
    case 'webSearch': {
      const { allowedDomains, searchContextSize, location } = tool.value;
      return {
        type: 'web_search',
        ...present({
          allowedDomains: list(allowedDomains),
          searchContextSize: text(searchContextSize),
          location: location && {
            ...present({
              city: text(location.city),
              region: text(location.region),
              country: text(location.country),
              timezone: text(location.timezone),
            }),
          },
        }),
      };
    }
    case 'fileSearch': {
      const { vectorStoreIds, maxResults, filters } = tool.value;
      return {
        type: 'file_search',
        vectorStoreIds,
        ...present({ maxResults, filters: text(filters) }),
      };
    }
    case 'codeInterpreter': {
      const { containerId, fileIds } = tool.value;
      return {
        type: 'code_interpreter',
        ...present({ containerId: text(containerId), fileIds: list(fileIds) }),
      };
    }
    case 'imageGeneration': {
      const { size, quality, background, outputFormat } = tool.value;
      return {
        type: 'image_generation',
        ...present({
          size: text(size),
          quality: text(quality),
          background: text(background),
          outputFormat: text(outputFormat),
        }),
      };
    }
    case 'mcp': {
      const { server, allowedTools } = tool.value;
      return { type: 'mcp', server, ...present({ allowedTools: list(allowedTools) }) };
    }
    case 'applyPatch':
      return { type: 'apply_patch' };
    case 'shell':
      return { type: 'shell' };
    default:
      return undefined;
  }
}
