import { Title } from '@mantine/core';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { formatBytes } from '../format/format-quantity.ts';
import { useNow } from '../format/use-now.ts';
import { describeVersionState } from './model-state.ts';
import { StateLabel } from './state-chip.tsx';
import classes from './models.module.css';

/** The versions with their files and states, where there are several. */
export function VersionsTable({ model }: { readonly model: ModelEntry }) {
  const now = useNow(model.versions.some(({ state }) => state.kind === 'loading'));
  if (model.versions.length < 2) return null;
  return (
    <section aria-labelledby="versions-title" className={classes.readOnly}>
      <Title order={2} id="versions-title" className={classes.heading}>
        Versions
      </Title>
      <div className={classes.tableBox}>
        <table className={classes.table} aria-labelledby="versions-title">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">State</th>
              <th scope="col">Files</th>
              <th scope="col">Size</th>
            </tr>
          </thead>
          <tbody>
            {model.versions
              .toSorted((one, other) => other.version - one.version)
              .map(({ version, state, files }) => (
                <tr key={version}>
                  <th scope="row">{version}</th>
                  <td>
                    <StateLabel {...describeVersionState(state, now)} />
                  </td>
                  <td className="conch-mono">{files.map(({ path }) => path).join(', ')}</td>
                  <td>{formatBytes(files.reduce((sum, { byteSize }) => sum + byteSize, 0))}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
