import type { Candidate } from '../format.ts';

/** Whether the file is the XML of an OpenVINO IR. */
export function detectOpenvino({ head }: Candidate): boolean {
  const start = new TextDecoder('utf-8').decode(head.subarray(0, 4096));
  return /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<net\s/s.test(start) && start.includes('<layers');
}
