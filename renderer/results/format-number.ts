import type { Datatype } from '../../app/core/datatypes.ts';
import { elementText, isIntegerDatatype, type Element } from '../../app/core/tensors/elements.ts';
import { shortFloat } from '../../app/core/tensors/tensor-json.ts';

const COUNT = new Intl.NumberFormat('en-US');

/** `1234567` → `1,234,567`. */
export function formatWhole(count: number): string {
  return COUNT.format(count);
}

/** `[1, 8, 8]`; a scalar is `[]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** A unit that suits a duration, and how many microseconds it has. */
export interface DurationUnit {
  readonly name: 'µs' | 'ms' | 's';
  readonly microseconds: number;
}

/** The unit in which a duration reads best. */
export function durationUnit(microseconds: number): DurationUnit {
  if (microseconds < 1000) return { name: 'µs', microseconds: 1 };
  if (microseconds < 1_000_000) return { name: 'ms', microseconds: 1000 };
  return { name: 's', microseconds: 1_000_000 };
}

/** A duration without its unit, with three digits: `3.14`. */
export function formatIn(unit: DurationUnit, microseconds: number): string {
  return String(Number((microseconds / unit.microseconds).toPrecision(3)));
}

/** A duration with its unit: `3.14 ms`. */
export function formatDuration(microseconds: number): string {
  const unit = durationUnit(microseconds);
  return `${formatIn(unit, microseconds)} ${unit.name}`;
}

/** One element as people read it: floats as the shortest text that means the same value, BYTES as text. */
export function formatElement(element: Element, datatype: Datatype): string {
  if (element instanceof Uint8Array) return elementText(element);
  if (typeof element !== 'number') return String(element);
  if (datatype === 'FP64') return Object.is(element, -0) ? '-0' : String(element);
  return isIntegerDatatype(datatype) ? String(element) : shortFloat(element);
}

/** A statistic: at most six significant digits; exact for whole numbers. */
export function formatStatistic(value: number | bigint | null): string {
  if (value === null) return '–';
  if (typeof value === 'bigint' || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** The time of day with milliseconds: `14:03:07.123`. */
export function formatClock(epochMilliseconds: number): string {
  const time = new Date(epochMilliseconds);
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
}
