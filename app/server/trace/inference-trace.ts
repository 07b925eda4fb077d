import { performance } from 'node:perf_hooks';
import {
  printTraceModel,
  printTraceTensor,
  printTraceTimestamp,
  type TensorActivity,
} from '../../core/tracing/trace-lines.ts';
import type { TraceLevel } from '../../core/tracing/trace-settings.ts';
import type { NamedTensor } from '../../core/tensors/tensor.ts';

const CLOCK_START_NS = process.hrtime.bigint() - BigInt(Math.round(performance.now() * 1e6));

function steadyNs(milliseconds: number): bigint {
  return CLOCK_START_NS + BigInt(Math.round(milliseconds * 1e6));
}

/** What is recorded of one request to one model; times are those of `performance.now()`. */
export interface InferenceTrace {
  /** Says whose trace it is. */
  describe(model: {
    readonly modelName: string;
    readonly modelVersion: string;
    readonly requestId: string;
  }): void;
  timestamp(name: string, milliseconds: number): void;
  tensor(activity: TensorActivity, tensor: NamedTensor): void;
  /** The trace of a request that this one makes to another model. */
  child(): InferenceTrace;
  /** Hands everything over, children included, to be written. Only for the trace of the client's request. */
  end(): void;
}

/** A trace of its own. `write` gets its objects at the end. */
export function startTrace(
  levels: readonly TraceLevel[],
  nextId: () => number,
  write: (objects: string) => void,
): InferenceTrace {
  const groups: string[][] = [];
  const open = (parentId: number): InferenceTrace => {
    const id = nextId();
    const objects: string[] = [];
    groups.push(objects);
    return {
      describe: (model) => {
        objects.push(printTraceModel({ id, parentId, ...model }));
      },
      timestamp: (name, milliseconds) => {
        if (levels.includes('TIMESTAMPS'))
          objects.push(printTraceTimestamp(id, name, steadyNs(milliseconds)));
      },
      tensor: (activity, tensor) => {
        if (levels.includes('TENSORS')) objects.push(printTraceTensor(id, activity, tensor));
      },
      child: () => open(id),
      end: () => {
        const all = groups.flat();
        if (all.length > 0) write(all.join(','));
      },
    };
  };
  return open(0);
}
