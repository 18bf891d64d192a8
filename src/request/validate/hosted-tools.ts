import type { HostedTool, SearchLocation } from '../../core/message.ts';
import { jsonObjectProblem } from './json-object.ts';
import { checkShortText } from './text.ts';
import type { Violations } from './violations.ts';

const MAX_TOOLS = 16;
const MAX_NAMES = 100;
const MAX_NAME_BYTES = 256;
const MAX_RESULTS = 50;
const DOMAIN = /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
const COUNTRY = /^[A-Za-z]{2}$/;
const SIZE = /^(?:auto|[1-9]\d{1,4}x[1-9]\d{1,4})$/;

/** Tools that the upstream or the model brings along. */
export function checkHostedTools(violations: Violations, tools: readonly HostedTool[] = []): void {
  const all = 'request.hosted_tools';
  if (tools.length > MAX_TOOLS) violations.malformed(all, `must be at most ${MAX_TOOLS}`);
  const seen = new Set<string>();
  tools.slice(0, MAX_TOOLS).forEach((tool, index) => {
    const path = `${all}[${index}].${tool.type}`;
    const name = tool.type === 'mcp' ? `mcp ${tool.server}` : tool.type;
    if (seen.has(name)) violations.malformed(path, 'must not be given twice');
    seen.add(name);
    new ToolCheck(violations, path).check(tool);
  });
}

/** Checks the fields of one tool. */
class ToolCheck {
  readonly #violations: Violations;
  readonly #path: string;

  /** @param path of the tool: `request.hosted_tools[0].web_search` */
  constructor(violations: Violations, path: string) {
    this.#violations = violations;
    this.#path = path;
  }

  check(tool: HostedTool): void {
    switch (tool.type) {
      case 'web_search':
        this.#names('allowed_domains', tool.allowedDomains, DOMAIN, 'a domain: example.com');
        this.#oneOf('search_context_size', tool.searchContextSize, ['low', 'medium', 'high']);
        if (tool.location) this.#location(tool.location);
        break;
      case 'file_search':
        this.#names('vector_store_ids', tool.vectorStoreIds);
        if (tool.vectorStoreIds.length === 0) this.#bad('vector_store_ids', 'must not be empty');
        this.#results(tool.maxResults);
        if (tool.filters) this.#problem('filters', jsonObjectProblem(tool.filters));
        break;
      case 'code_interpreter':
        this.#names('file_ids', tool.fileIds);
        this.#short('container_id', tool.containerId);
        if (tool.containerId && tool.fileIds?.length) {
          this.#bad('file_ids', 'must not be set with container_id: only a new one gets files');
        }
        break;
      case 'image_generation':
        this.#oneOf('quality', tool.quality, ['low', 'medium', 'high', 'auto']);
        this.#oneOf('background', tool.background, ['transparent', 'opaque', 'auto']);
        this.#oneOf('output_format', tool.outputFormat, ['png', 'webp', 'jpeg']);
        if (tool.size && !SIZE.test(tool.size)) this.#bad('size', 'must be such as 1024x1024');
        break;
      case 'mcp':
        this.#names('allowed_tools', tool.allowedTools);
        if (tool.server === '') this.#bad('server', 'must not be empty');
        this.#short('server', tool.server);
        break;
      case 'apply_patch':
      case 'shell':
        break;
    }
  }

  #location({ city, region, country, timezone }: SearchLocation): void {
    this.#short('location.city', city);
    this.#short('location.region', region);
    this.#short('location.timezone', timezone);
    if (country && !COUNTRY.test(country)) {
      this.#bad('location.country', 'must be two letters of ISO 3166-1');
    }
  }

  #results(most: number | undefined): void {
    if (most === undefined || (Number.isInteger(most) && most >= 1 && most <= MAX_RESULTS)) return;
    this.#bad('max_results', `must be an integer between 1 and ${MAX_RESULTS}`);
  }

  #names(
    field: string,
    names: readonly string[] = [],
    form: RegExp = /^[!-~]+$/,
    what = 'visible ASCII',
  ): void {
    if (names.length > MAX_NAMES) this.#bad(field, `must be at most ${MAX_NAMES}`);
    names.slice(0, MAX_NAMES).forEach((name, index) => {
      if (name.length > MAX_NAME_BYTES || !form.test(name)) {
        this.#bad(`${field}[${index}]`, `must be ${what}`);
      }
    });
  }

  #oneOf(field: string, word: string | undefined, words: readonly string[]): void {
    if (word && !words.includes(word)) this.#bad(field, `must be one of ${words.join(', ')}`);
  }

  #short(field: string, text: string | undefined): void {
    checkShortText(this.#violations, `${this.#path}.${field}`, text, MAX_NAME_BYTES);
  }

  #problem(field: string, problem: string | undefined): void {
    if (problem !== undefined) this.#bad(field, problem);
  }

  #bad(field: string, rule: string): void {
    this.#violations.malformed(`${this.#path}.${field}`, rule);
  }
}
