import { describe, expect, test, vi } from 'vitest';
import { isOpenableOutside } from '../../../../main/electron/open-external.ts';
import { isPageUrl } from '../../../../main/electron/page-protocol.ts';
import { childEnvironment } from '../../../../main/electron/utility-launcher.ts';

vi.mock('electron', () => ({ shell: {}, protocol: {}, utilityProcess: {} }));

describe('a link', () => {
  test('to the world over https may leave', () => {
    expect(isOpenableOutside('https://docs.nvidia.com/x?y#z')).toBe(true);
  });

  test.each([
    'http://example.org',
    'file:///etc/passwd',
    'smb://server/share',
    'javascript:alert(1)',
    'ms-msdt:/id',
    'https://user:secret@example.org',
    'vscode://x',
    '//example.org',
    '',
  ])('%s may not', (url) => {
    expect(isOpenableOutside(url)).toBe(false);
  });
});

describe('the page’s origin', () => {
  test.each(['conch://app', 'conch://app/', 'conch://app/assets/x.js'])('%s is ours', (url) => {
    expect(isPageUrl(url)).toBe(true);
  });

  test.each(['conch://apple/', 'conch://app.evil/', 'https://app/', 'conch://app@evil/', ''])(
    '%s is not',
    (url) => {
      expect(isPageUrl(url)).toBe(false);
    },
  );
});

test('a child learns where things are, no secret, and never turns telemetry on', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/me',
    AWS_SECRET_ACCESS_KEY: 'secret',
    NODE_OPTIONS: '--inspect',
    ELECTRON_RUN_AS_NODE: '1',
    CUDA_VISIBLE_DEVICES: '0',
    EMPTY: undefined,
  };
  expect(childEnvironment(env, { CONCH_X: '1' })).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    CUDA_VISIBLE_DEVICES: '0',
    ORT_DISABLE_TELEMETRY: '1',
    CONCH_X: '1',
  });
});
