import { Text } from '@mantine/core';
import type { Fix } from '../../app/core/formats/model-description.ts';
import { CopyableLines } from '../clipboard/copyable-lines.tsx';

/** What to do about it, with the lines to copy. */
export function FixBox({ fix }: { readonly fix: Fix }) {
  return (
    <div style={{ marginTop: 8 }}>
      <Text size="sm" mb={fix.lines === undefined ? 0 : 6}>
        <strong>What to do:</strong> {fix.text}
      </Text>
      {fix.lines !== undefined && <CopyableLines lines={fix.lines} label="lines" />}
    </div>
  );
}
