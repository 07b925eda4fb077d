import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, isAbsolute, join, relative, resolve, sep } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** A file of the built page. */
export interface PageFile {
  readonly path: string;
  readonly byteSize: number;
  readonly contentType: string;
  readonly cacheControl: string;
}

/**
 * The path inside `folder` that a URL path names; null where it names none or tries to leave the folder. Percent
 * escapes are read once; dot files, backslashes and NUL are refused.
 */
export function resolvePagePath(folder: string, urlPath: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (!decoded.startsWith('/') || /[\0\\]/.test(decoded)) return null;
  const segments = decoded.slice(1).split('/');
  if (segments.some((segment) => segment === '' || segment.startsWith('.'))) return null;
  const path = resolve(folder, join(...segments));
  const inside = relative(folder, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? null : path;
}

/** Finds a file of the page by URL path; null where there is none. Files with a hash in their name never change. */
export async function findPageFile(folder: string, urlPath: string): Promise<PageFile | null> {
  const path = resolvePagePath(folder, urlPath);
  if (path === null) return null;
  const real = await realpath(path).catch(() => null);
  if (real === null || !real.startsWith((await realpath(folder)) + sep)) return null;
  const found = await stat(real);
  if (!found.isFile()) return null;
  return {
    path: real,
    byteSize: found.size,
    contentType: CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
    cacheControl: urlPath.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache',
  };
}

/** The page's HTML with the nonce that its policy names. */
export async function readIndexHtml(folder: string, styleNonce: string): Promise<string> {
  return (await readFile(join(folder, 'index.html'), 'utf8')).replaceAll('%CSP_NONCE%', styleNonce);
}
