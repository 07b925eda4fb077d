import type * as Monaco from 'monaco-editor/editor/editor.api.js';
import type { ConfigAnalysis } from '../config/analyze-config.ts';

const SEVERITIES = { error: 'Error', warning: 'Warning', info: 'Info' } as const;

/** Diagnostics of the text, and the server's refusal where what it names stands. */
export function markersOf(
  { MarkerSeverity }: Pick<typeof Monaco, 'MarkerSeverity'>,
  analysis: ConfigAnalysis,
): Monaco.editor.IMarkerData[] {
  const markers: Monaco.editor.IMarkerData[] = analysis.diagnostics.map(
    ({ severity, message, why, range }) => ({
      severity: MarkerSeverity[SEVERITIES[severity]],
      message: why === undefined ? message : `${message}\n${why}`,
      startLineNumber: range.startLine,
      startColumn: range.startColumn,
      endLineNumber: range.endLine,
      endColumn: Math.max(range.endColumn, range.startColumn + (range.endLine === range.startLine ? 1 : 0)),
    }),
  );
  if (analysis.effective.kind === 'refused')
    markers.push({
      severity: MarkerSeverity.Error,
      message: `The server would refuse this: ${analysis.effective.reason}`,
      ...placeOf(analysis.text, analysis.effective.reason),
    });
  return markers;
}

/** Where a name in quotes of the reason stands in the text, else the first line. */
function placeOf(text: string, reason: string): Monaco.IRange {
  const names = [...reason.matchAll(/'([^']+)'|"([^"]+)"/g)].map((match) => match[1] ?? match[2] ?? '');
  const lines = text.split('\n');
  for (const name of names) {
    const index = lines.findIndex(
      (line) => line.includes(`"${name}"`) && !/^\s*name:/.test(line.slice(0, 6)),
    );
    const line = lines[index];
    if (line === undefined) continue;
    const column = line.indexOf(`"${name}"`) + 1;
    return range(index + 1, column, column + name.length + 2);
  }
  return range(1, 1, Math.max(lines[0]?.length ?? 0, 1) + 1);
}

function range(line: number, startColumn: number, endColumn: number): Monaco.IRange {
  return { startLineNumber: line, startColumn, endLineNumber: line, endColumn };
}
