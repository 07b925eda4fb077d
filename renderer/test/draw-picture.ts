import type { ImageFit, LoadedPicture } from './input-draft.ts';
import { StatusError } from '../../app/core/status.ts';

/** Where a picture of one size is drawn on an area of another: `stretch` fills it, `crop` fills and cuts, `contain` shows all. */
export function placement(
  fit: ImageFit,
  picture: { readonly width: number; readonly height: number },
  area: { readonly width: number; readonly height: number },
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  if (fit === 'stretch') return { x: 0, y: 0, width: area.width, height: area.height };
  const ratios = [area.width / picture.width, area.height / picture.height] as const;
  const scale = fit === 'crop' ? Math.max(...ratios) : Math.min(...ratios);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
}

/** Reads a picture file that was dropped, picked or pasted. Throws `invalid-argument` where the browser cannot decode it. */
export async function loadPicture(file: File): Promise<LoadedPicture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new StatusError(
      'invalid-argument',
      `${file.name} is no picture that can be read (PNG, JPEG, WebP, GIF, BMP).`,
    );
  });
  const { width, height } = bitmap;
  bitmap.close();
  return { fileName: file.name, width, height, url: await dataUrl(file) };
}

/** The RGBA pixels of a picture drawn onto an area; transparent where it does not reach. */
export async function drawPicture(
  picture: LoadedPicture,
  fit: ImageFit,
  area: { readonly width: number; readonly height: number },
): Promise<Uint8ClampedArray> {
  const bitmap = await createImageBitmap(blobOf(picture.url));
  const canvas = document.createElement('canvas');
  canvas.width = area.width;
  canvas.height = area.height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new StatusError('internal', 'The browser gave no canvas to draw on.');
  context.imageSmoothingQuality = 'high';
  const { x, y, width, height } = placement(fit, picture, area);
  context.drawImage(bitmap, x, y, width, height);
  bitmap.close();
  return context.getImageData(0, 0, area.width, area.height).data;
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result : ''));
    reader.addEventListener('error', () =>
      reject(new StatusError('internal', `${file.name} could not be read.`)),
    );
    reader.readAsDataURL(file);
  });
}

/** Decoded by hand: fetching a data URL is a connection, which the page's content security policy denies. */
function blobOf(url: string): Blob {
  const [head = '', body = ''] = url.split(',', 2);
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: /^data:([^;]*)/.exec(head)?.[1] ?? '' });
}
