import { describe, expect, test } from 'vitest';
import { hasDisplay } from '../../../../main/display.mjs';
import { sshTunnelCommand } from '../../../../main/headless/ssh-tunnel.ts';

describe('a display', () => {
  test.each([
    ['linux', {}, false],
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['darwin', {}, true],
    ['darwin', { SSH_CONNECTION: '10.0.0.2 50000 10.0.0.1 22' }, false],
    ['win32', {}, true],
  ] as const)('on %s with %o: %s', (platform, env, expected) => {
    expect(hasDisplay({ platform, env })).toBe(expected);
  });
});

describe('the tunnel', () => {
  const machine = { user: 'me', host: 'gpu-box' };

  test('uses the same port at both ends', () => {
    expect(sshTunnelCommand(8080, {}, machine)).toBe('ssh -L 8080:127.0.0.1:8080 me@gpu-box');
  });

  test('goes where the person’s session came in', () => {
    expect(sshTunnelCommand(8081, { SSH_CONNECTION: '10.0.0.2 50000 10.0.0.1 22' }, machine)).toBe(
      'ssh -L 8081:127.0.0.1:8081 me@10.0.0.1',
    );
    expect(sshTunnelCommand(8081, { SSH_CONNECTION: '10.0.0.2 50000 10.0.0.1 2222' }, machine)).toBe(
      'ssh -p 2222 -L 8081:127.0.0.1:8081 me@10.0.0.1',
    );
  });
});
