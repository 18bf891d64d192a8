import type { Emit } from '../../core/call.ts';
import { tooLarge } from '../errors/faults.ts';
import { stringOr } from '../values/json-record.ts';
import { identifier } from '../values/upstream-text.ts';
import { isCall } from './calls.ts';
import type { OutputItem } from './event.ts';
import { type HostedUse, HostedUses } from './hosted-uses.ts';
import { withoutFindings } from './without-findings.ts';

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

export function isHosted({ type }: OutputItem): boolean {
  return typeof type === 'string' && Object.hasOwn(TOOLS, type);
}

/** What has a place of its own in an answer. */
const READ: ReadonlySet<unknown> = new Set(['message', 'reasoning', 'compaction']);

/** Whether an item is of a kind that nobody here knows: it is told as the use of a tool, and lost to nobody. */
export function isStrange(item: OutputItem): boolean {
  const { type } = item;
  return typeof type === 'string' && !READ.has(type) && !isHosted(item) && !isCall(item);
}

/** A kind that cannot be shown. */
const NAMELESS = 'unknown';

/** Characters of all images of an answer. */
const MAX_IMAGES = 64 * 1024 * 1024;

/** Whether an event tells how a use of such a tool goes on. */
export function isHostedEvent(type: string): boolean {
  return Object.hasOwn(TOOLS, EVENT.exec(type)?.[1] ?? '');
}

/** Tells what the tools are doing that the upstream runs itself, and counts their calls. */
export class HostedOutput {
  readonly #emit: Emit;
  readonly #uses = new HostedUses();
  #images = 0;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** How a use goes on, by an event of its own. @param place as in HostedUses */
  see(type: string, id: unknown, place?: unknown): void {
    const [, item = '', status = ''] = EVENT.exec(type) ?? [];
    const tool = TOOLS[item];
    // Images that are not whole are not told.
    if (tool === undefined || status === 'partial_image') return;
    // It may be late, and of one that is over.
    if (stringOr(id) === '' && typeof place !== 'number') return;
    this.#tell(this.#uses.of(tool, stringOr(id), place), status);
  }

  begins(item: OutputItem, place?: unknown): void {
    const use = this.#uses.of(toolOf(item), stringOr(item.id), place);
    this.#tell(use, stringOr(item.status) || 'in_progress');
  }

  /** All of a use is known now. */
  ends(item: OutputItem, place?: unknown): void {
    this.#end(this.#uses.of(toolOf(item), stringOr(item.id), place), item);
  }

  /** The items of the answer as a whole, at its end, whose places need not be those of the stream. */
  answerDone(items: readonly OutputItem[]): void {
    const hosted = items.filter((item) => isHosted(item) || isStrange(item));
    const named = hosted.map((item) => ({ tool: toolOf(item), id: stringOr(item.id) }));
    this.#uses.inOrder(named).forEach((use, place) => {
      const item = hosted[place];
      if (item !== undefined) this.#end(use, item);
    });
  }

  #end(use: HostedUse, item: OutputItem): void {
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
      id: use.id,
      tool: use.tool,
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
    for (const { tool, billed, container } of this.#uses.all) {
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

  #tell(use: HostedUse, status: string): void {
    if (use.isWhole || use.status === status) return;
    use.status = status;
    this.#emit({ type: 'hostedTool', id: use.id, tool: use.tool, status, detail: '' });
  }
}

function toolOf(item: OutputItem): string {
  const type = stringOr(item.type);
  return isHosted(item) ? (TOOLS[type] ?? '') : (identifier(type) ?? NAMELESS);
}

/** A search is billed, to open a page that it found is not; a list of tools is no call. */
function isBilled(item: OutputItem): boolean {
  const { type, action } = item;
  if (type === 'mcp_list_tools' || isStrange(item)) return false;
  return type !== 'web_search_call' || (action?.type ?? 'search') === 'search';
}

/** What is too long for a caller is left out: what was found and printed at first, then the longest fields. */
function detailOf(item: OutputItem): string {
  const { id: _, type, status: __, result, ...rest } = item;
  const whole = type === IMAGE ? rest : { ...rest, ...(result !== undefined && { result }) };
  const light = withoutFindings(whole as OutputItem);
  return fitting(whole) || fitting(light) || fitting(shortestOf(light));
}

/** Empty: there is nothing, or too much. */
function fitting(told: object): string {
  const detail = Object.keys(told).length === 0 ? '' : JSON.stringify(told);
  return Buffer.byteLength(detail) <= MAX_DETAIL_BYTES ? detail : '';
}

/** As many of its fields as fit. Looks at each once: an upstream has as many as it likes. */
function shortestOf(told: object): object {
  const fields = Object.entries(told).map((field) => ({
    field,
    // One more than it takes as a field: two brackets and a comma, and not a colon and a comma.
    bytes: Buffer.byteLength(JSON.stringify(field)),
  }));
  let bytes = 1;
  const kept = new Set(
    fields
      .toSorted((a, b) => a.bytes - b.bytes)
      .filter((field) => {
        bytes += field.bytes - 1;
        return bytes <= MAX_DETAIL_BYTES;
      }),
  );
  return Object.fromEntries(fields.filter((field) => kept.has(field)).map(({ field }) => field));
}

function imageOf({ type, result, output_format }: OutputItem): {
  readonly data?: string;
  readonly mediaType?: string;
} {
  if (type !== IMAGE || typeof result !== 'string' || result === '') return {};
  return { data: result, mediaType: `image/${stringOr(output_format) || DEFAULT_FORMAT}` };
}
