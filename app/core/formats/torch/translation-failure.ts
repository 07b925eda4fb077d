import { StatusError } from '../../status.ts';

/** Something in a model that is not translated, with how often and where it stands. */
export interface UnsupportedOperator {
  /** As written: `aten::stft`. */
  readonly name: string;
  readonly count: number;
  /** `code/__torch__.py:12`, the first few of them. */
  readonly places: readonly string[];
  readonly reason: string;
}

/** A model that cannot be translated, in words; nothing wrong was produced. */
export class TranslationFailure extends StatusError {
  /** All that is not supported in the whole model, as far as it could be walked. */
  readonly unsupported: readonly UnsupportedOperator[];

  constructor(why: string, unsupported: readonly UnsupportedOperator[] = []) {
    super('unsupported', why);
    this.unsupported = unsupported;
  }
}

/** A program that asks for more than any model does: it is not followed any further. */
export class TranslationLimit extends TranslationFailure {}
