import { describe, expect, test } from 'vitest';
import { labelsOfMetadata, parseLabels } from '../../../../app/core/formats/label-texts.ts';

describe('labels in metadata', () => {
  test.each([
    ["{0: 'cat', 1: 'dog'}", ['cat', 'dog']],
    ['{"1": "dog", "0": "cat"}', ['cat', 'dog']],
    ['{"cat": 0, "dog": 1}', ['cat', 'dog']],
    ['["cat", "dog"]', ['cat', 'dog']],
    ["('cat', 'dog')", ['cat', 'dog']],
    ['["say \\"hi\\"", "\\u00e9"]', ['say "hi"', 'é']],
    ['cat\ndog\n', ['cat', 'dog']],
    ['cat, dog', ['cat', 'dog']],
    ['[0, 1, 2]', ['0', '1', '2']],
  ])('%j', (text, labels) => {
    expect(parseLabels(text)).toEqual(labels);
  });

  test.each(['', 'cat', '{0: 1: 2}', "{0: 'a', 5: 'b'}", "['a' 'b']", '[[1], 2]', '{'.repeat(1000), "['a"])(
    '%j are none',
    (text) => {
      expect(parseLabels(text)).toBeUndefined();
    },
  );

  test('are taken from the best key', () => {
    expect(
      labelsOfMetadata(
        new Map([
          ['author', 'a,b'],
          ['Names', "{0: 'x', 1: 'y'}"],
        ]),
      ),
    ).toEqual(['x', 'y']);
    expect(labelsOfMetadata(new Map([['author', 'a,b']]))).toBeUndefined();
  });
});
