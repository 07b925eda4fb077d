#!/usr/bin/env node
/** Draws icon.png and icon.ico from icon.svg with a browser: `CONCH_BROWSER=/usr/bin/chromium node make-icons.mjs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256];
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** An .ico is a directory of PNGs: count, then for each its size, place and length. */
function packIco(images) {
  const directory = Buffer.alloc(6 + 16 * images.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(images.length, 4);
  let offset = directory.length;
  images.forEach(({ size, png }, index) => {
    const at = 6 + 16 * index;
    directory.writeUInt8(size % 256, at);
    directory.writeUInt8(size % 256, at + 1);
    directory.writeUInt16LE(1, at + 4);
    directory.writeUInt16LE(32, at + 6);
    directory.writeUInt32LE(png.length, at + 8);
    directory.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([directory, ...images.map(({ png }) => png)]);
}

const browser = await chromium.launch({ executablePath: process.env.CONCH_BROWSER });
const page = await browser.newPage();
const svg = readFileSync(here('icon.svg'), 'utf8');

async function draw(size) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html,body{margin:0}svg{display:block;width:100vw}</style>${svg}`);
  return page.screenshot({ omitBackground: true });
}

writeFileSync(here('icon.png'), await draw(1024));
const images = [];
for (const size of ICO_SIZES) images.push({ size, png: await draw(size) });
writeFileSync(here('icon.ico'), packIco(images));
await browser.close();
