import { Tooltip } from '@mantine/core';
import type { RequestTiming } from '../../app/contract/inference.ts';
import './results.css';
import { timingLine, timingSplit } from './timing-split.ts';

const MEANING =
  'total: from writing the request to reading the answer (client clock, n=1). queue and compute: the server’s own statistics. rest = total − queue − compute: network, encoding and everything else.';

/** Where a request's time went, as a sentence and as a bar. */
export function TimingBar({ timing }: { readonly timing: RequestTiming }) {
  const split = timingSplit(timing);
  return (
    <Tooltip
      label={split === null ? 'From writing the request to reading the answer (client clock, n=1).' : MEANING}
    >
      <div className="timing-bar">
        <span className="timing-bar-line">{timingLine(timing)}</span>
        {split !== null && (
          <span className="timing-bar-track" aria-hidden>
            <span className="timing-bar-queue" style={{ flexGrow: split.queue }} />
            <span className="timing-bar-compute" style={{ flexGrow: split.compute }} />
            <span className="timing-bar-rest" style={{ flexGrow: split.rest }} />
          </span>
        )}
      </div>
    </Tooltip>
  );
}
