import type { Emit } from '../core/call.ts';
import { tooLarge } from './faults.ts';
import { stringOr } from './json-record.ts';
import type { OutputItem } from './responses-event.ts';

/** Items of what the upstream runs itself, and the tool that each is of, by its name in HostedTool. */
const TOOLS: Readonly<Record<string, string>> = {
  web_search_call: 'web_search',
  file_search_call: 'file_search',
  code_interpreter_call: 'code_interpreter',
  image_generation_call: 'image_generation',
  mcp_call: 'mcp',
  mcp_list_tools: 'mcp',
};

/** `response.web_search_call.searching` */
const EVENT = /^response\.(\w+)\.(\w+)$/;

/** What a caller is told of one use of a tool. */
const MAX_DETAIL_BYTES = 16 * 1024;

/** An image is told as such, and its parts while it is made are not. */
const IMAGE = 'image_generation_call';
const DEFAULT_FORMAT = 'png';

interface Use {
  readonly tool: string;
  status: string;
  isWhole: boolean;
  /** Whether it counts as one call of the tool. */
  billed: boolean;
  /** Of code that runs: where. */
  container: string;
}

export function isHosted({ type }: OutputItem): boolean {
  return typeof type === 'string' && Object.hasOwn(TOOLS, type);
}

/** More than any answer has; each takes memory of its own. */
const MAX_USES = 4_096;
/** Characters of all images of an answer. */
const MAX_IMAGES = 64 * 1024 * 1024;

/** Whether an event tells how a use of such a tool goes on. */
export function isHostedEvent(type: string): boolean {
  return Object.hasOwn(TOOLS, EVENT.exec(type)?.[1] ?? '');
}

/** Tells what the tools are doing that the upstream runs itself, and counts their calls. */
export class HostedOutput {
  readonly #emit: Emit;
  readonly #uses = new Map<string, Use>();
  #images = 0;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** How a use goes on, by an event of its own. */
  see(type: string, id: unknown): void {
    const [, item = '', status = ''] = EVENT.exec(type) ?? [];
    const tool = TOOLS[item];
    // Images that are not whole are not told.
    if (tool === undefined || typeof id !== 'string' || status === 'partial_image') return;
    this.#tell(id, tool, status);
  }

  begins(item: OutputItem): void {
    this.#tell(
      stringOr(item.id),
      TOOLS[String(item.type)] ?? '',
      stringOr(item.status) || 'in_progress',
    );
  }

  /** All of a use is known now. */
  ends(item: OutputItem): void {
    const id = stringOr(item.id);
    const tool = TOOLS[String(item.type)] ?? '';
    const use = this.#use(id, tool);
    if (use.isWhole) return;
    use.isWhole = true;
    use.status = stringOr(item.status) || (item.error ? 'failed' : 'completed');
    use.billed = isBilled(item);
    use.container = stringOr(item.container_id);
    const image = imageOf(item);
    this.#images += image.data?.length ?? 0;
    if (this.#images > MAX_IMAGES) throw tooLarge();
    this.#emit({
      type: 'hostedTool',
      id,
      tool,
      status: use.status,
      detail: detailOf(item),
      ...image,
    });
  }

  /**
   * Calls by tool; undefined if there were none.
   *
   * @param reported as the upstream counts what it bills
   */
  calls(reported: Readonly<Record<string, number>>): Readonly<Record<string, number>> | undefined {
    const calls: Record<string, number> = {};
    const containers = new Set<string>();
    for (const { tool, billed, container } of this.#uses.values()) {
      if (!billed || (container !== '' && containers.has(container))) continue;
      if (container !== '') containers.add(container);
      calls[tool] = (calls[tool] ?? 0) + 1;
    }
    for (const [tool, count] of Object.entries(reported)) {
      if (count > 0) calls[tool] = count;
      else delete calls[tool];
    }
    return Object.keys(calls).length > 0 ? calls : undefined;
  }

  #tell(id: string, tool: string, status: string): void {
    const use = this.#use(id, tool);
    if (use.isWhole || use.status === status) return;
    use.status = status;
    this.#emit({ type: 'hostedTool', id, tool, status, detail: '' });
  }

  #use(id: string, tool: string): Use {
    let use = this.#uses.get(id);
    if (use === undefined) {
      if (this.#uses.size >= MAX_USES) throw tooLarge();
      use = { tool, status: '', isWhole: false, billed: false, container: '' };
      this.#uses.set(id, use);
    }
    return use;
  }
}

/** A search is billed, to open a page that it found is not; a list of tools is no call. */
function isBilled({ type, action }: OutputItem): boolean {
  if (type === 'mcp_list_tools') return false;
  return type !== 'web_search_call' || (action?.type ?? 'search') === 'search';
}

function detailOf(item: OutputItem): string {
  const { id: _, type, status: __, result, ...rest } = item;
  const told = type === IMAGE ? rest : { ...rest, ...(result !== undefined && { result }) };
  if (Object.keys(told).length === 0) return '';
  const detail = JSON.stringify(told);
  return Buffer.byteLength(detail) <= MAX_DETAIL_BYTES ? detail : '';
}

function imageOf({ type, result, output_format }: OutputItem): {
  readonly data?: string;
  readonly mediaType?: string;
} {
  if (type !== IMAGE || typeof result !== 'string' || result === '') return {};
  return { data: result, mediaType: `image/${stringOr(output_format) || DEFAULT_FORMAT}` };
}
