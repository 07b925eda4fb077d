import { describe, expect, test } from 'vitest';
import { absenceReason, engineAbsence } from '../../../../app/host/triton-container/engine-failure.ts';

/** What Node says of a socket that it cannot connect to. */
function socketFailure(code: string): Error {
  return Object.assign(new Error(`connect ${code} /run/docker.sock`), { code, address: '/run/docker.sock' });
}

describe('an Engine that cannot be reached', () => {
  test.each([
    ['ENOENT', 'there is no /run/docker.sock', 'Install and start Docker or Podman'],
    ['EACCES', 'no permission for /run/docker.sock', 'sudo usermod -aG docker $USER'],
    ['ECONNREFUSED', 'nothing answers at /run/docker.sock', 'sudo systemctl start docker'],
    ['ETIMEDOUT', 'does not answer', 'sudo systemctl restart docker'],
    ['EPROTO', 'connect EPROTO', 'DOCKER_HOST'],
  ])('says why and what helps: %s', (code, reason, fix) => {
    const absence = engineAbsence(socketFailure(code));
    expect(absence.reason).toContain(reason);
    expect(absence.fix).toContain(fix);
  });

  test('says at once what to do where only permission is missing', () => {
    expect(absenceReason(socketFailure('EACCES'))).toContain('sudo usermod -aG docker $USER');
  });
});
