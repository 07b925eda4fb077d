import { randomBytes } from 'node:crypto';

/** A fresh nonce for the styles of one response: 128 random bits. */
export function newStyleNonce(): string {
  return randomBytes(16).toString('base64');
}

/**
 * The policy of every page that Conch serves. Scripts, workers, fonts and connections only from where the page came
 * from; nothing from the network. `style-src-attr` stays open because chart and editor place their parts by style.
 * @param connectTo further origins that the page may connect to: its WebSocket.
 */
export function contentSecurityPolicy(styleNonce: string, connectTo: readonly string[] = []): string {
  const directives: Readonly<Record<string, string>> = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': `'self' 'nonce-${styleNonce}'`,
    'style-src-attr': "'unsafe-inline'",
    'img-src': "'self' data: blob:",
    'font-src': "'self'",
    'worker-src': "'self'",
    'connect-src': ["'self'", ...connectTo].join(' '),
    'frame-src': "'none'",
    'frame-ancestors': "'none'",
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
  };
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}

/** Headers beside the policy, the same under every shell. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), usb=(), serial=(), hid=(), payment=()',
};
