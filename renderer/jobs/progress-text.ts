import type { JobProgress } from '../../app/contract/job.ts';
import { formatBytes, formatMilliseconds } from '../format/format-quantity.ts';

/** `Copying model.onnx · 1.2 of 2.0 GiB · 110 MiB/s · 7 s left`. */
export function progressText(progress: JobProgress, elapsedMilliseconds: number): string {
  const { stage, doneUnits, totalUnits, unit } = progress;
  const amount = (units: number) => (unit === 'bytes' ? formatBytes(units) : `${units} files`);
  const parts = [stage];
  if (totalUnits !== undefined) parts.push(`${amount(doneUnits)} of ${amount(totalUnits)}`);
  else if (doneUnits > 0) parts.push(amount(doneUnits));
  if (elapsedMilliseconds > 400 && doneUnits > 0 && unit === 'bytes') {
    const bytesPerMillisecond = doneUnits / elapsedMilliseconds;
    parts.push(`${formatBytes(Math.round(bytesPerMillisecond * 1_000))}/s`);
    if (totalUnits !== undefined && totalUnits > doneUnits)
      parts.push(`${formatMilliseconds((totalUnits - doneUnits) / bytesPerMillisecond)} left`);
  }
  return parts.join(' · ');
}
