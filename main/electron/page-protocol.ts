import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { protocol } from 'electron';
import { contentSecurityPolicy, newStyleNonce, SECURITY_HEADERS } from '../page/content-security-policy.ts';
import { findPageFile, readIndexHtml } from '../page/page-files.ts';

const SCHEME = 'conch';
const HOST = 'app';

/** Where the page lives: an origin of its own, with a policy in its headers, unlike `file:`. */
export const PAGE_URL = `${SCHEME}://${HOST}/`;

/** Whether a URL is of our page's origin. */
export function isPageUrl(url: string): boolean {
  return url === PAGE_URL.slice(0, -1) || url.startsWith(PAGE_URL);
}

/** Must be called before the app is ready. */
export function registerPageScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true };
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }]);
}

/** Serves the built page under {@link PAGE_URL}. */
export function servePage(pageFolder: string): void {
  protocol.handle(SCHEME, (request) => answerPageRequest(pageFolder, request));
}

async function answerPageRequest(pageFolder: string, request: Request): Promise<Response> {
  const styleNonce = newStyleNonce();
  const headers = new Headers(SECURITY_HEADERS);
  headers.set('Content-Security-Policy', contentSecurityPolicy(styleNonce));
  if (!isPageUrl(request.url)) return new Response(null, { status: 403, headers });
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response(null, { status: 405, headers });
  const { pathname } = new URL(request.url);
  if (pathname === '/') {
    headers.set('Content-Type', 'text/html; charset=utf-8');
    return new Response(await readIndexHtml(pageFolder, styleNonce), { headers });
  }
  const file = await findPageFile(pageFolder, pathname);
  if (!file) return new Response(null, { status: 404, headers });
  headers.set('Content-Type', file.contentType);
  headers.set('Cache-Control', file.cacheControl);
  return new Response(Readable.toWeb(createReadStream(file.path)) as ReadableStream, { headers });
}
