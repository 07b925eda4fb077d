import type { RecordedRow } from './recording.ts';
import type { ServerPlan } from './replay-server.ts';

/** Rows that one running server answers in order. */
export interface Session {
  readonly plan: ServerPlan;
  readonly rows: RecordedRow[];
}

/** These come first where they share a server with others: they say what was counted before any request. */
const FIRST = ['http_basic', 'grpc_basic', 'main_models'];
/** Rows that belong behind everything else that their server is asked. */
const LAST = new Set(['metrics after', 'startup and shutdown log (INFO), server with the repository main']);

function rank({ recording, name }: RecordedRow): number {
  if (LAST.has(name)) return FIRST.length + 1;
  const at = FIRST.indexOf(recording);
  return at < 0 ? FIRST.length : at;
}

function planOf(recorded: RecordedRow, before: ServerPlan): ServerPlan {
  const { repositories, flags, env } = recorded.row;
  if (env) {
    const values = Object.entries(env).map(([key, value]) => [key, String(value)] as const);
    const explicit = { repositories: ['main'], flags: ['--model-control-mode=explicit'] };
    return { ...explicit, env: Object.fromEntries(values) };
  }
  if (recorded.recording === 'metrics' || recorded.recording === 'rate_limiter')
    return { repositories: repositories ?? before.repositories, flags: flags ?? before.flags };
  return repositories ? { repositories, flags: flags ?? [] } : before;
}

/** A server that was not ready for a failed load never is again: the row was asked of one that was started anew. */
function isOfNewServer(before: RecordedRow | undefined, { row }: RecordedRow): boolean {
  const was = before?.row.server_ready_status ?? 200;
  return was !== 200 && row.server_ready_status === 200;
}

/** Servers and what each is asked. Rows without repositories go on with the server of the row before them. */
export function planSessions(rows: readonly RecordedRow[]): Session[] {
  const all: Session[] = [];
  /** The newest of each plan. */
  const sessions = new Map<string, Session>();
  let plan: ServerPlan = { repositories: [], flags: [] };
  for (const recorded of rows) {
    plan = planOf(recorded, plan);
    const key = JSON.stringify(plan);
    const known = sessions.get(key);
    if (known && !isOfNewServer(known.rows.at(-1), recorded)) {
      known.rows.push(recorded);
      continue;
    }
    const session = { plan, rows: [recorded] };
    sessions.set(key, session);
    all.push(session);
  }
  for (const session of all) session.rows.sort((left, right) => rank(left) - rank(right));
  return all;
}
