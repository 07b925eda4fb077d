import { TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import classes from './config.module.css';

/** A part of the form: what it is about in words, the field of the config in grey. */
export function FormSection({
  title,
  field,
  children,
}: {
  readonly title: string;
  readonly field: string;
  readonly children: ReactNode;
}) {
  return (
    <fieldset className={classes.section}>
      <legend className={classes.legend}>
        {title} <code>{field}</code>
      </legend>
      {children}
    </fieldset>
  );
}

interface ParsedInputProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly toText: (value: Value) => string;
  /** Null where the text is no value yet. */
  readonly parse: (text: string) => Value | null;
  readonly onChange: (value: Value) => void;
  /** What a value looks like, said while the text is none. */
  readonly mistake: string;
  readonly placeholder?: string;
  readonly width?: number;
}

/** A text field of anything that can be read from text: every good text is applied at once, a bad one stays here. */
export function ParsedInput<Value>({
  label,
  value,
  toText,
  parse,
  onChange,
  mistake,
  placeholder,
  width,
}: ParsedInputProps<Value>) {
  const outside = toText(value);
  const [typed, setTyped] = useState<string | null>(null);
  // What is typed stays as it is while it means the value outside, or nothing yet.
  const text = typed !== null && meansSame(typed, outside, parse, toText) ? typed : outside;
  const parsed = parse(text);
  return (
    <TextInput
      size="xs"
      label={label}
      value={text}
      placeholder={placeholder ?? ''}
      error={parsed === null ? mistake : undefined}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      style={width === undefined ? { flex: 1, minWidth: 96 } : { width }}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const read = parse(next);
        if (read !== null && toText(read) !== outside) onChange(read);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

function meansSame<Value>(
  typed: string,
  outside: string,
  parse: (text: string) => Value | null,
  toText: (value: Value) => string,
): boolean {
  const parsed = parse(typed);
  return parsed === null || toText(parsed) === outside;
}

/** A whole number from `minimum` on; null for anything else. */
export function parseWhole(minimum: number): (text: string) => number | null {
  return (text) => {
    const number = Number(text);
    return /^\d+$/.test(text.trim()) && Number.isSafeInteger(number) && number >= minimum ? number : null;
  };
}
