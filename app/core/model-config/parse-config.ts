import type { ConfigDiagnostic, ConfigDocument } from './config-document.ts';
import type { ModelConfig } from './model-config.ts';
import { configOf } from './config-values.ts';
import { parseDocument } from './parse-document.ts';

/** Longest config that is looked at, in UTF-16 units; a longer one is one diagnostic. */
export const MAX_CONFIG_LENGTH = 4 * 1024 * 1024;

/**
 * Reads protobuf text format as Triton reads `config.pbtxt`. Mistakes are data: the first error has protobuf's own
 * reason and place, reading goes on after it, and `config` is what could be understood of what is written.
 */
export function parseModelConfig(text: string): {
  readonly document: ConfigDocument;
  readonly config: ModelConfig;
  readonly diagnostics: readonly ConfigDiagnostic[];
} {
  const { document, diagnostics } = parseDocument(text, MAX_CONFIG_LENGTH);
  return { document, config: configOf(document.root), diagnostics };
}

/** The lines that a server logs for the first syntax error, after `Error parsing text-format inference.ModelConfig: `. */
export function protobufReason(diagnostics: readonly ConfigDiagnostic[]): string | undefined {
  const first = diagnostics.find(({ severity, protobufPlace }) => severity === 'error' && protobufPlace);
  if (!first?.protobufPlace) return undefined;
  const { line, column } = first.protobufPlace;
  return `${String(line)}:${String(column)}: ${first.message}`;
}
