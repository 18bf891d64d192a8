import type { ErrorReason } from '../core/error-kinds.ts';
import { type FieldViolation, ProviderError } from '../core/errors.ts';

/** As many as a batch tells. */
const MAX_PROBLEMS = 1_000;

/** Fields that stand for what an error without fields is about. */
const FIELD_OF: Partial<Record<ErrorReason, string>> = {
  MODEL_NOT_FOUND: 'request.model',
  CONTEXT_TOO_LONG: 'request.messages',
};

/** What is wrong with a batch: its first thousand problems, and how many there are. */
export class Problems {
  readonly #found: FieldViolation[] = [];
  #count = 0;
  #onlyUnsupported = true;

  get any(): boolean {
    return this.#count > 0;
  }

  /** One sentence each. */
  get sentences(): readonly string[] {
    return this.#found.map(({ field, description }) => `${field} ${description}`);
  }

  add(field: string, description: string): void {
    this.#onlyUnsupported = false;
    this.#note({ field, description });
  }

  /**
   * What is wrong with an item, by the paths of a single request.
   *
   * @throws the error if it is none of the request's: the end of the call, or a bug
   */
  addItem(item: string, error: ProviderError): void {
    const { fieldViolations: violations = [] } = error.facts;
    const field = FIELD_OF[error.reason];
    if (violations.length === 0 && field === undefined) throw error;
    if (error.reason !== 'UNSUPPORTED_PARAMETER') this.#onlyUnsupported = false;
    for (const violation of violations) {
      this.#note({ ...violation, field: `${item}.${violation.field}` });
    }
    if (violations.length === 0) {
      this.#note({ field: `${item}.${field}`, description: `is refused: ${error.message}` });
    }
  }

  /** @throws ProviderError with all of them, if there are any */
  throwIfAny(): void {
    if (this.#count === 0) return;
    throw new ProviderError(this.#onlyUnsupported ? 'UNSUPPORTED_PARAMETER' : 'INVALID_REQUEST', {
      fieldViolations: this.#found,
      moreViolations: this.#count - this.#found.length,
    });
  }

  #note(violation: FieldViolation): void {
    this.#count += 1;
    if (this.#found.length < MAX_PROBLEMS) this.#found.push(violation);
  }
}

/** As error details name it: `items["id"]`; one without an id by its position. */
export function itemPath(customId: string, position: number): string {
  return customId === '' ? `items[${position}]` : `items[${JSON.stringify(customId)}]`;
}
