import { errorReply, JSON_TYPE, TEXT_TYPE, type Reply } from './reply.ts';
import type { Route } from './routes.ts';

const PLAIN_REFUSALS = new Set(['model-infer', 'model-ready', 'server-live', 'server-ready']);

/** 405, with the content type that Triton gives it on this route. */
export function refuseMethod(route: Route): Reply {
  return errorReply(405, 'Method Not Allowed', PLAIN_REFUSALS.has(route.name) ? TEXT_TYPE : JSON_TYPE);
}
