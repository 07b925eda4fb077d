import { NativeSelect } from '@mantine/core';
import { chooseTarget, useTarget } from './target-store.ts';
import { targetKey, useTargets } from './use-targets.ts';

/** Chooses the server that a model's test requests go to. Not there while there is only one. */
export function TargetPicker({ model }: { readonly model: string }) {
  const target = useTarget(model);
  const options = useTargets();
  const chosen = targetKey(target);
  const isGone = !options.some(({ key }) => key === chosen);
  if (options.length === 1 && !isGone) return null;
  return (
    <NativeSelect
      size="xs"
      aria-label="Send to"
      value={chosen}
      onChange={({ currentTarget }) => {
        const next = options.find(({ key }) => key === currentTarget.value);
        if (next) chooseTarget(model, next.target);
      }}
      data={[
        ...options.map(({ key, label }) => ({ value: key, label })),
        ...(isGone ? [{ value: chosen, label: 'A server that is gone', disabled: true }] : []),
      ]}
    />
  );
}
