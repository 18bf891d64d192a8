import { type FieldViolation, ProviderError } from '../../core/errors.ts';

/** More than anybody reads, and no more memory than that for a request of a million bad fields. */
const MAX_VIOLATIONS = 100;

const MESSAGE = /^request\.messages\[\d+\]/;

/** Collects what is wrong with a request, so that the caller is told all of it at once. */
export class Violations {
  readonly #malformed: FieldViolation[];
  readonly #unsupported: FieldViolation[] = [];
  /** Found when as many are known as anybody reads. */
  #more = 0;
  /** Paths below which what stands in the request is not what the caller wrote. */
  readonly #unreadable: readonly string[];

  /** @param given what was found before */
  constructor(given: readonly FieldViolation[] = []) {
    this.#malformed = [...given];
    this.#unreadable = given.map(({ field }) => MESSAGE.exec(field)?.[0] ?? field);
  }

  /** A field that no upstream would take. */
  malformed(field: string, description: string): void {
    if (this.#unreadable.some((path) => field.startsWith(path))) return;
    this.#note(this.#malformed, { field, description });
  }

  /** A valid field that this provider cannot honour. */
  unsupported(field: string, description: string): void {
    this.#note(this.#unsupported, { field, description });
  }

  #note(found: FieldViolation[], violation: FieldViolation): void {
    if (found.length < MAX_VIOLATIONS) found.push(violation);
    else this.#more += 1;
  }

  /** @throws ProviderError with everything that is wrong, if anything is */
  throwIfAny(model: string): void {
    const fieldViolations = [...this.#malformed, ...this.#unsupported];
    if (fieldViolations.length === 0) return;
    const reason = this.#malformed.length > 0 ? 'INVALID_REQUEST' : 'UNSUPPORTED_PARAMETER';
    const more = this.#more === 0 ? {} : { moreViolations: this.#more };
    throw new ProviderError(reason, { model, fieldViolations, ...more });
  }
}
