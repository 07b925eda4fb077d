import { expect, test } from 'vitest';
import { breadcrumbsOf } from '../../../../renderer/files/breadcrumbs.ts';

test('every folder on the way has its own path', () => {
  expect(breadcrumbsOf('/home/ada')).toEqual([
    { name: '/', path: '/' },
    { name: 'home', path: '/home' },
    { name: 'ada', path: '/home/ada' },
  ]);
});

test('the root of a drive is its own folder', () => {
  expect(breadcrumbsOf(String.raw`C:\Users\ada`).map(({ path }) => path)).toEqual([
    'C:\\',
    String.raw`C:\Users`,
    String.raw`C:\Users\ada`,
  ]);
});
