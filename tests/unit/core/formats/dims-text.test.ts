import { expect, test } from 'vitest';
import { dimsText } from '../../../../app/core/formats/dims-text.ts';

test('dims are written with their sizes, their names and a question mark for what is unknown', () => {
  const dims = [
    { kind: 'symbolic', name: 'batch' },
    { kind: 'fixed', size: 3 },
    { kind: 'unknown' },
  ] as const;
  expect(dimsText(dims)).toBe('[batch, 3, ?]');
  expect(dimsText([])).toBe('[]');
  expect(dimsText(null)).toBe('unknown rank');
});

test('a name with line breaks and control characters stays on one line', () => {
  expect(dimsText([{ kind: 'symbolic', name: 'a\n\u001b b' }])).toBe('[a b]');
});
