import type { RequestRing } from './request-ring.ts';
import type { RequestRange } from './window-summary.ts';

const HEADER =
  'number,time,ok,http_status,total_us,queue_us,compute_us,rest_us,clock,batch_size,request_bytes,response_bytes,version,request_id,error,inputs';

/** The requests of a range as CSV (RFC 4180) with a header line; times are ISO 8601, durations microseconds. */
export function requestsCsv(ring: RequestRing, { start, end }: RequestRange): string {
  const lines = [HEADER];
  for (let number = start; number < end; number++) lines.push(csvLine(ring, number));
  return `${lines.join('\r\n')}\r\n`;
}

function csvLine(ring: RequestRing, number: number): string {
  const label = ring.label(number);
  const [total, queue, compute] = [
    ring.value('total', number),
    ring.value('queue', number),
    ring.value('compute', number),
  ];
  return [
    number + 1,
    new Date(ring.value('at', number)).toISOString(),
    ring.isOk(number),
    label?.httpStatus ?? '',
    total,
    queue,
    compute,
    Math.max(0, total - queue - compute),
    label?.clock ?? '',
    label?.batchSize ?? '',
    label?.requestBytes ?? '',
    label?.responseBytes ?? '',
    label?.version ?? '',
    label?.requestId ?? '',
    label?.error ?? '',
    label?.inputs ?? '',
  ]
    .map(csvField)
    .join(',');
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front: request ids and errors come from anyone. */
function csvField(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
