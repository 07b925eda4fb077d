import { stringify } from 'yaml';

/** Values as YAML documents, one after the other, with what each is for as a comment before it. */
export function yamlDocuments(
  documents: readonly { readonly comment: string; readonly value: object }[],
): string {
  return documents
    .map(({ comment, value }) => {
      const lines = comment.split('\n').map((line) => `# ${line}\n`);
      return `${lines.join('')}${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;
    })
    .join('---\n');
}
