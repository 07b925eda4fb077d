import { describe, expect, test, vi } from 'vitest';
import type { Job } from '../../../../app/contract/job.ts';
import { noteOfJob, noteOfServer } from '../../../../main/electron/notifications.ts';
import { readUpdateUrl } from '../../../../main/electron/updates.ts';
import { fitToDisplays, parseWindowState } from '../../../../main/electron/window-state.ts';

vi.mock('electron', () => ({ Notification: {}, screen: {} }));

const SCREEN = { x: 0, y: 0, width: 1920, height: 1080 };
const RIGHT_SCREEN = { x: 1920, y: 0, width: 1280, height: 1024 };

describe('a window opens where the last one was', () => {
  test('on the first display, and on a second one', () => {
    const first = { x: 40, y: 30, width: 1000, height: 700 };
    const second = { x: 2000, y: 50, width: 1000, height: 700 };
    expect(fitToDisplays(first, [SCREEN])).toEqual(first);
    expect(fitToDisplays(second, [SCREEN, RIGHT_SCREEN])).toEqual(second);
  });

  test('but not on a display that is gone, nor with its title bar out of reach', () => {
    expect(fitToDisplays({ x: 2000, y: 50, width: 1000, height: 700 }, [SCREEN])).toBeNull();
    expect(fitToDisplays({ x: 100, y: -500, width: 1000, height: 700 }, [SCREEN])).toBeNull();
    expect(fitToDisplays({ x: -950, y: 20, width: 1000, height: 700 }, [SCREEN])).toBeNull();
    expect(fitToDisplays({ x: 0, y: 1079, width: 1000, height: 700 }, [SCREEN])).toBeNull();
  });

  test('no larger than its display, no smaller than the workbench needs', () => {
    expect(fitToDisplays({ x: 0, y: 0, width: 5000, height: 4000 }, [SCREEN])).toEqual(SCREEN);
    expect(fitToDisplays({ x: 200, y: 0, width: 300, height: 10 }, [SCREEN])).toMatchObject({
      width: 720,
      height: 480,
    });
  });

  test.each([
    '',
    'null',
    '[]',
    '7',
    '{"bounds":null}',
    '{"bounds":{"x":1,"y":2,"width":3}}',
    '{"bounds":{"x":1e99,"y":0,"width":900,"height":600}}',
    '{"bounds":{"x":"1","y":0,"width":900,"height":600}}',
    '{"bounds":',
  ])('whatever the file holds: %s is no place', (text) => {
    expect(parseWindowState(text)).toBeNull();
  });

  test('what was saved is read again', () => {
    const state = { bounds: SCREEN, isMaximized: true };
    expect(parseWindowState(JSON.stringify(state))).toEqual(state);
  });
});

describe('a notification', () => {
  const job = (state: object): Job =>
    ({ id: '1', kind: 'export', title: 'Exporting digits', startedAt: 0, state }) as Job;
  const done = { kind: 'done', outcome: { kind: 'path', path: '/x', byteSize: 1 } };

  test('tells of long work that is done or failed', () => {
    expect(noteOfJob(job(done), 60_000)).toEqual({ title: 'Done', body: 'Exporting digits' });
    const failure = { code: 'unavailable', message: 'The disk is full.' };
    expect(noteOfJob(job({ kind: 'failed', failure }), 60_000)).toEqual({
      title: 'Exporting digits failed',
      body: 'The disk is full.',
    });
  });

  test('says nothing of short work, of work that goes on, or that the person ended', () => {
    expect(noteOfJob(job(done), 1_000)).toBeNull();
    expect(noteOfJob(job({ kind: 'cancelled' }), 60_000)).toBeNull();
    const progress = { stage: '', doneUnits: 0, unit: 'bytes' };
    expect(noteOfJob(job({ kind: 'running', progress }), 60_000)).toBeNull();
  });

  test('tells of a server that failed, with the reason, not of one that was stopped', () => {
    expect(noteOfServer({ kind: 'failed', reason: 'Port 8000 is taken.' })?.body).toBe('Port 8000 is taken.');
    expect(noteOfServer({ kind: 'stopped' })).toBeNull();
  });
});

describe('updates', () => {
  test('are looked for nowhere unless an address was given', () => {
    expect(readUpdateUrl({})).toBeNull();
    expect(readUpdateUrl({ CONCH_UPDATE_URL: '' })).toBeNull();
    expect(readUpdateUrl({ CONCH_UPDATE_URL: 'https://example.org/conch' })).toBe(
      'https://example.org/conch',
    );
  });

  test.each(['http://example.org', 'file:///tmp', 'example.org', 'javascript:0'])('never at %s', (url) => {
    expect(() => readUpdateUrl({ CONCH_UPDATE_URL: url })).toThrow(/must be an https address/);
  });
});
