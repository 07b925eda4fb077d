import type { Candidate } from './format.ts';
import type { Fix, FormatId, ModelDescription, TensorSignature, Verdict } from './model-description.ts';

/** What an inspector found; everything left out is empty. */
interface Findings {
  readonly format: FormatId;
  readonly formatName: string;
  readonly verdict: Verdict;
  readonly facts?: readonly (readonly [label: string, value: string])[];
  readonly inputs?: readonly TensorSignature[];
  readonly outputs?: readonly TensorSignature[];
  readonly notices?: ModelDescription['notices'];
  /** Bytes of the whole model where it is more than the file. */
  readonly byteSize?: number;
}

/** Completes findings to a description; facts without a value are left out. */
export function describeFindings(
  { source }: Pick<Candidate, 'source'>,
  findings: Findings,
): ModelDescription {
  return composeDescription(source.size, findings);
}

function composeDescription(fileSize: number, findings: Findings): ModelDescription {
  return {
    format: findings.format,
    formatName: findings.formatName,
    byteSize: findings.byteSize ?? fileSize,
    facts: (findings.facts ?? [])
      .filter(([, value]) => value !== '')
      .map(([label, value]) => ({ label, value })),
    inputs: findings.inputs ?? [],
    outputs: findings.outputs ?? [],
    externalData: [],
    notices: findings.notices ?? [],
    verdict: findings.verdict,
  };
}

/** A description of which nothing is known but why it cannot be served, and what to do; of no known format when absent. */
export function describeUnservable(known: {
  readonly format?: { readonly id: FormatId; readonly name: string };
  readonly byteSize: number;
  readonly reason: string;
  readonly fix: Fix;
}): ModelDescription {
  const { format = { id: 'unknown', name: 'Unknown format' }, byteSize, reason, fix } = known;
  const verdict: Verdict = { kind: 'cannot-be-served', reason, fix };
  return composeDescription(byteSize, { format: format.id, formatName: format.name, verdict });
}

/** A verdict of no, with Python lines that help. */
export function cannotBeServed(
  reason: string,
  text: string,
  lines: readonly string[] = [],
  language: 'python' | 'sh' = 'python',
): Verdict {
  const fix: Fix = lines.length === 0 ? { text } : { text, lines, language };
  return { kind: 'cannot-be-served', reason, fix };
}

/** `1536` → `1.5 KiB`. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** `1234567` → `1,234,567`. */
export function groupedDigits(value: bigint | number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
