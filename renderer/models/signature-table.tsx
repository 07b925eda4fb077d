import { Title, Tooltip } from '@mantine/core';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { dimsText } from '../../app/core/formats/dims-text.ts';
import type { Sourced } from '../../app/core/formats/model-description.ts';
import { useConfigAnalysis, useConfigDraft } from '../config/use-config-draft.ts';
import { signatureRows, type SignatureRow } from './signature-rows.ts';
import classes from './models.module.css';

/** Inputs and outputs: what the file says, what the config says, and what clients therefore send. */
export function SignatureTable({ model }: { readonly model: ModelEntry }) {
  const draft = useConfigDraft(model);
  const { lastGood } = useConfigAnalysis(model, draft.history.text);
  const { description } = model;
  if (description === null && !lastGood.written.ensemble_scheduling) return null;
  const { inputs, outputs } = signatureRows(description ?? { inputs: [], outputs: [] }, lastGood);
  if (inputs.length + outputs.length === 0) return null;
  return (
    <section aria-labelledby="signature-title">
      <Title order={2} id="signature-title" className={classes.heading}>
        Inputs and outputs
      </Title>
      <div className={classes.tableBox}>
        <table className={classes.table} aria-labelledby="signature-title">
          <thead>
            <tr>
              <th scope="col">Name</th>
              {description !== null && <th scope="col">In the model</th>}
              <th scope="col">Config dims</th>
              <th scope="col">Shape clients send</th>
            </tr>
          </thead>
          <Rows title="Inputs" rows={inputs} hasFile={description !== null} />
          <Rows title="Outputs" rows={outputs} hasFile={description !== null} />
        </table>
      </div>
    </section>
  );
}

function Rows({
  title,
  rows,
  hasFile,
}: {
  readonly title: string;
  readonly rows: readonly SignatureRow[];
  /** False for an ensemble: there is no model file to compare with. */
  readonly hasFile: boolean;
}) {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={hasFile ? 4 : 3} className={classes.group}>
          {title === 'Outputs' ? 'Outputs (clients receive)' : title}
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.name}>
          <th scope="row" className={classes.tensor}>
            <span className={classes.tensorName} title={row.name}>
              {row.name}
            </span>
            <span className={classes.datatype}>{row.datatype ?? 'no datatype'}</span>
          </th>
          {hasFile && (
            <td>
              <ModelSide row={row} />
            </td>
          )}
          <td className="conch-mono">
            {row.configDims ?? <span className="conch-muted">not listed</span>}
            {row.reshape !== null && <div className={classes.reshape}>reshaped to {row.reshape}</div>}
          </td>
          <td className={`${classes.wire ?? ''} conch-mono`}>{row.wireShape ?? '–'}</td>
        </tr>
      ))}
    </tbody>
  );
}

function ModelSide({ row: { tensor } }: { readonly row: SignatureRow }) {
  if (tensor === null) return <span className={classes.missing}>not in the model</span>;
  if (tensor.unsupported !== undefined) return <span className={classes.missing}>{tensor.unsupported}</span>;
  return (
    <>
      <span className="conch-mono">{dimsText(tensor.dims.value)}</span>
      <div className={classes.badges}>
        <ProvenanceBadge about="shape" sourced={tensor.dims} />
        {tensor.datatype.provenance !== tensor.dims.provenance && (
          <ProvenanceBadge about="datatype" sourced={tensor.datatype} />
        )}
        {tensor.isOptional === true && <span className={classes.quiet}>optional</span>}
      </div>
    </>
  );
}

const PROVENANCE_WORDS = { model: 'from the model', inferred: 'inferred', assumed: 'assumed' } as const;

function ProvenanceBadge({ about, sourced }: { readonly about: string; readonly sourced: Sourced<unknown> }) {
  return (
    <Tooltip label={sourced.reason}>
      <button
        type="button"
        className={classes.provenance}
        data-provenance={sourced.provenance}
        aria-label={`${about} ${PROVENANCE_WORDS[sourced.provenance]}: ${sourced.reason}`}
      >
        {about === 'datatype' ? 'datatype ' : ''}
        {PROVENANCE_WORDS[sourced.provenance]}
      </button>
    </Tooltip>
  );
}
