import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { openApiDocument, type DescribedModel } from '../../core/open-inference/openapi-document.ts';
import { OPENAPI_PAGE_STYLE, openApiPage } from '../../core/open-inference/openapi-page.ts';
import type { ModelVersion } from '../repository/model-version.ts';
import { jsonReply, type Reply } from './reply.ts';

const STYLE_HASH = createHash('sha256').update(OPENAPI_PAGE_STYLE).digest('base64');
const SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

function wantsJson({ headers }: IncomingMessage): boolean {
  const accept = headers.accept ?? '';
  return accept.includes('json') && !accept.includes('text/html');
}

/** `GET …/docs`, a page, and `GET …/docs/openapi.json`, the document; also chosen by `Accept`. */
export function handleDocs(served: ModelVersion, request: IncomingMessage, isDocument: boolean): Reply {
  const { config, signature, version } = served;
  const model: DescribedModel = { signature, version, platform: config.platform || config.backend || '' };
  if (isDocument || wantsJson(request)) return jsonReply(JSON.stringify(openApiDocument(model)));
  return {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    headers: {
      'Content-Security-Policy': SECURITY_POLICY,
      'X-Content-Type-Options': 'nosniff',
      Vary: 'Accept',
    },
    parts: [openApiPage(model, `http://${request.headers.host ?? 'localhost:8000'}`)],
  };
}
