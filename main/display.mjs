/** Whether a window or browser opened on this machine would be seen. */
export function hasDisplay({ platform, env }) {
  if (platform === 'win32') return true;
  if (platform === 'darwin') return env.SSH_CONNECTION === undefined;
  return Boolean(env.DISPLAY ?? env.WAYLAND_DISPLAY);
}
