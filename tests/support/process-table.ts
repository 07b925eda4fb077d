import { readdirSync, readFileSync } from 'node:fs';

/** A running process, as the system's process table shows it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** Last part of the script's path, or of the program's: `server.mjs`. */
  readonly name: string;
  readonly args: readonly string[];
}

/** Every process whose environment holds `NAME=value`: our descendants, whoever is their parent by now (Linux). */
export function processesWithVariable(name: string, value: string): readonly ProcessRow[] {
  const wanted = `${name}=${value}`;
  return readdirSync('/proc').flatMap((entry) => {
    const row = /^\d+$/.test(entry) ? readProcess(Number(entry), wanted) : null;
    return row === null ? [] : [row];
  });
}

function readProcess(pid: number, wanted: string): ProcessRow | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    if (!environment.includes(wanted)) return null;
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    // The name in parentheses may hold spaces; behind it stand the state and the parent.
    const [state, parentPid] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    if (state === 'Z' || args.length === 0) return null;
    const script = args.find((arg) => arg.endsWith('.mjs')) ?? args[0] ?? '';
    return { pid, parentPid: Number(parentPid), name: script.split('/').at(-1) ?? '', args };
  } catch {
    // It ended while we looked, or belongs to somebody else.
    return null;
  }
}

/** Resident memory of a process in bytes (Linux). */
export function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
