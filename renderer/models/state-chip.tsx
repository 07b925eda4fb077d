import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { useNow } from '../format/use-now.ts';
import { describeModelState, type StateWords } from './model-state.ts';
import classes from './state-chip.module.css';

/** A dot and words. The dot's shape differs by tone, so that colour is never alone. */
export function StateLabel({ tone, words }: StateWords) {
  return (
    <span className={classes.label} data-tone={tone}>
      <span className={classes.dot} aria-hidden />
      <span>{words}</span>
    </span>
  );
}

/** The model's state in words, ticking while it loads. */
export function ModelStateLabel({ model }: { readonly model: ModelEntry }) {
  const isLoading = model.versions.some(({ state }) => state.kind === 'loading');
  const now = useNow(isLoading);
  return <StateLabel {...describeModelState(model, now)} />;
}
