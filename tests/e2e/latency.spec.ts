import type { Locator } from '@playwright/test';
import { request, Agent } from 'node:http';
import { expect, fixture, test } from '../support/workbench-test.ts';
import { infer } from '../support/http-client.ts';

const BODY = { name: 'input', datatype: 'INT32', shape: [1, 4], data: [1, 2, 3, 4] } as const;

test('every request is a row, whoever sent it, with percentiles and how many they are made of', async ({
  app,
}) => {
  const { latency, test: form } = app.model;
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  const url = await app.serverUrl();
  await expect(latency.figure('requests')).toHaveText('1');
  await form.run();
  await expect(latency.figure('requests')).toHaveText('2');
  for (let count = 0; count < 5; count += 1)
    expect((await infer(url, 'identity-int32', [BODY])).status).toBe(200);
  await infer(url, 'identity-int32', [{ ...BODY, shape: [1, 3], data: [1, 2, 3] }]);
  await expect(latency.figure('requests')).toHaveText('8');
  await expect(latency.figure('failed')).toHaveText('1');
  await expect(latency.sample()).toHaveText('(n=7, server clock)');
  for (const name of ['p50', 'p95', 'p99'] as const)
    await expect(latency.figure(name)).toHaveText(/^[\d.]+ (µs|ms)$/);
  await expect(latency.table).toHaveAttribute('aria-rowcount', '9');
  await expect(latency.table).toContainText('✕ failed 400');
});

test('a row leads to its request: with its body where Conch sent it', async ({ app }) => {
  const { latency, test: form } = app.model;
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  const url = await app.serverUrl();
  await form.pasteJson('input', '[[5, 6, 7, 8]]');
  await form.run();
  await infer(url, 'identity-int32', [BODY]);
  await expect(latency.figure('requests')).toHaveText('3');
  await latency.openRow(2);
  await expect(latency.details.getByRole('table', { name: 'Values of output' })).toContainText('8');
  for (const part of ['Total', 'Queue', 'Compute', 'Rest'])
    await expect(latency.fact(part)).toHaveText(/^[\d.]+ (µs|ms|s)/);
  await latency.closeDetails();
  await latency.openRow(3);
  await expect(latency.details).toContainText('Sent by another client');
  await expect(latency.fact('Inputs')).toContainText('input');
});

test('queue, compute and the rest add up to the total', async ({ app }) => {
  const { latency } = app.model;
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await latency.openRow(1);
  const microseconds = async (part: string) => {
    const [, amount = '0', unit = 'µs'] =
      /^([\d.]+) (µs|ms|s)/.exec(await latency.fact(part).innerText()) ?? [];
    return Number(amount) * { µs: 1, ms: 1_000, s: 1_000_000 }[unit as 'µs' | 'ms' | 's'];
  };
  const total = await microseconds('Total');
  const sum = (await microseconds('Queue')) + (await microseconds('Compute')) + (await microseconds('Rest'));
  expect(Math.abs(total - sum) / total, 'three digits each').toBeLessThan(0.02);
});

test('a click on a dot opens its request, and so do the arrow keys and Enter', async ({ app, page }) => {
  const { latency } = app.model;
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  await latency.panel.getByRole('radiogroup', { name: 'Window' }).getByText('All').click();
  await latency.chart.scrollIntoViewIfNeeded();
  const { x, y } = await findDot(latency.chart.locator('canvas').first());
  await page.mouse.click(x, y);
  await expect(latency.details).toHaveAccessibleName('Request 1');
  await latency.closeDetails();
  await expect(latency.details).toHaveCount(0);
  await latency.chart.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(latency.details).toHaveAccessibleName('Request 1');
});

test('200 requests a second for five seconds are all there, and the page stays responsive', async ({
  app,
  page,
}) => {
  const { latency } = app.model;
  await app.serve(fixture('identity-int32.onnx'), 'identity-int32');
  const url = await app.serverUrl();
  const frames = await page.evaluateHandle(() => {
    const counter = { count: 0, longest: 0, last: performance.now() };
    const step = (now: number) => {
      counter.count += 1;
      counter.longest = Math.max(counter.longest, now - counter.last);
      counter.last = now;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    return counter;
  });
  const sent = await sendSteadily(`${url}/v2/models/identity-int32/infer`, 200, 5);
  const { count, longest } = await frames.jsonValue();
  await expect(latency.table).toHaveAttribute('aria-rowcount', String(sent + 2));
  await expect(latency.figure('failed')).toHaveText('0');
  // Two cores are shared with the server, the engine and this very sender.
  expect(count, 'frames in five seconds').toBeGreaterThan(25);
  expect(longest, 'milliseconds between two frames').toBeLessThan(1_500);
  await latency.openRow(sent);
  await expect(latency.details).toBeVisible();
});

/** Sends at a fixed rate and resolves with the number of requests when the last answer is there. */
async function sendSteadily(url: string, perSecond: number, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const body = JSON.stringify({ inputs: [BODY] });
  const send = () =>
    new Promise<void>((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent }, (response) => {
        response.resume().on('end', resolve).on('error', reject);
      });
      sent.on('error', reject).end(body);
    });
  const started = performance.now();
  const answers: Promise<void>[] = [];
  const total = perSecond * seconds;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - started) / 1_000) * perSecond));
      while (answers.length < due) answers.push(send());
      if (answers.length < total) return;
      clearInterval(timer);
      resolve();
    }, 10);
  });
  await Promise.all(answers);
  agent.destroy();
  return total;
}

/** Where on the page the only dot of a chart's canvas is: the middle of what is drawn in the colour of no line. */
async function findDot(canvas: Locator): Promise<{ x: number; y: number }> {
  const found = await canvas.evaluate((element: HTMLCanvasElement) => {
    const context = element.getContext('2d');
    const box = element.getBoundingClientRect();
    const { data, width, height } = context?.getImageData(0, 0, element.width, element.height) ?? {
      data: [],
      width: 0,
      height: 0,
    };
    let [x, y, count] = [0, 0, 0];
    for (let place = 0; place < width * height; place += 1) {
      const red = data[place * 4] ?? 0;
      const isTeal =
        (data[place * 4 + 1] ?? 0) - red > 60 &&
        (data[place * 4 + 2] ?? 0) - red > 60 &&
        (data[place * 4 + 3] ?? 0) > 40;
      if (!isTeal) continue;
      x += place % width;
      y += Math.floor(place / width);
      count += 1;
    }
    return {
      x: box.x + (x / count) * (box.width / width),
      y: box.y + (y / count) * (box.height / height),
      count,
    };
  });
  expect(found.count, 'pixels of the dot').toBeGreaterThan(0);
  return found;
}
