import { Title } from '@mantine/core';
import { useState } from 'react';
import type { CallResult } from '../../app/contract/calls.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { formatBytes, formatCount } from '../format/format-quantity.ts';
import classes from './export-dialog.module.css';

type Preview = CallResult<'export.preview'>;

/** Every file of the export; those that Conch writes can be read and copied before anything is written. */
export function WrittenFiles({ preview }: { readonly preview: Preview | null }) {
  const [chosen, setChosen] = useState('');
  const files = preview?.tree ?? [];
  const texts = new Map(preview?.texts.map((file) => [file.path, file.text]));
  const shown = texts.has(chosen) ? chosen : (preview?.texts[0]?.path ?? '');
  const total = files.reduce((sum, { byteSize }) => sum + byteSize, 0);
  return (
    <section aria-labelledby="tree-title" className={classes.treeBox}>
      <Title order={3} id="tree-title" className={classes.heading}>
        What is written{' '}
        <span className="conch-muted">
          {formatCount(files.length, 'file')}, {formatBytes(total)}
        </span>
      </Title>
      <div className={classes.tree} role="region" tabIndex={0} aria-label="Files">
        <ul aria-label="Files">
          {files.map(({ path, byteSize }) => (
            <li key={path}>
              {texts.has(path) ? (
                <button
                  type="button"
                  className={classes.textFile}
                  title={path}
                  aria-pressed={path === shown}
                  onClick={() => setChosen(path)}
                >
                  {path}
                </button>
              ) : (
                <span className="conch-truncate" title={path}>
                  {path}
                </span>
              )}
              <span className="conch-muted">{formatBytes(byteSize)}</span>
            </li>
          ))}
        </ul>
      </div>
      {shown !== '' && <TextPreview path={shown} text={texts.get(shown) ?? ''} />}
    </section>
  );
}

function TextPreview({ path, text }: { readonly path: string; readonly text: string }) {
  return (
    <div className={classes.text} role="group" aria-label={`Content of ${path}`}>
      <div className={classes.textHead}>
        <span className="conch-truncate">{path}</span>
        <CopyButton text={text} label={`Copy ${path}`} />
      </div>
      <pre tabIndex={0} role="region" aria-label={`Text of ${path}`}>
        {text}
      </pre>
    </div>
  );
}
