import { type FieldViolation, ProviderError } from '../../core/errors.ts';

/** More than anybody reads, and no more memory than that for a request of a million bad fields. */
const MAX_VIOLATIONS = 256;

const MESSAGE = /^request\.messages\[\d+\]/;

/** Collects what is wrong with a request, so that the caller is told all of it at once. */
export class Violations {
  readonly #malformed: FieldViolation[];
  readonly #unsupported: FieldViolation[] = [];
  /** Paths below which what stands in the request is not what the caller wrote. */
  readonly #unreadable: readonly string[];

  /** @param given what was found before */
  constructor(given: readonly FieldViolation[] = []) {
    this.#malformed = [...given];
    this.#unreadable = given.map(({ field }) => MESSAGE.exec(field)?.[0] ?? field);
  }

  /** A field that no upstream would take. */
  malformed(field: string, description: string): void {
    if (this.#malformed.length >= MAX_VIOLATIONS) return;
    if (this.#unreadable.some((path) => field.startsWith(path))) return;
    this.#malformed.push({ field, description });
  }

  /** A valid field that this provider cannot honour. */
  unsupported(field: string, description: string): void {
    if (this.#unsupported.length >= MAX_VIOLATIONS) return;
    this.#unsupported.push({ field, description });
  }

  /** @throws ProviderError with everything that is wrong, if anything is */
  throwIfAny(model: string): void {
    const fieldViolations = [...this.#malformed, ...this.#unsupported];
    if (fieldViolations.length === 0) return;
    const reason = this.#malformed.length > 0 ? 'INVALID_REQUEST' : 'UNSUPPORTED_PARAMETER';
    throw new ProviderError(reason, { model, fieldViolations });
  }
}
