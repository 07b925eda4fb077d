import type { InputDraft } from './input-draft.ts';
import type { FreeDims, InputField } from './input-field.ts';

/** What every source editor of an input's card is given. */
export interface SourceProps {
  readonly field: InputField;
  readonly dims: FreeDims;
  /** The wire shape with all sizes filled in. */
  readonly shape: readonly number[];
  readonly draft: InputDraft;
  /** Puts a changed draft, and changed sizes where the values bring their own. */
  readonly onChange: (draft: InputDraft, dims?: FreeDims) => void;
}
