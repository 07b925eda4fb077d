import { NativeSelect, NumberInput, Switch } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { statusOf } from '../../app/core/status.ts';
import { drawPicture, loadPicture } from './draw-picture.ts';
import { FileTarget } from './file-target.tsx';
import { imageLayout, type ImageLayout } from './image-layout.ts';
import { previewPixels, type PixelRange } from './image-tensor.ts';
import type { ImageFit, InputDraft } from './input-draft.ts';
import type { SourceProps } from './source-props.ts';
import './test.css';

const RANGES: readonly { readonly value: PixelRange['kind']; readonly label: string }[] = [
  { value: 'unit', label: '0 to 1 (÷ 255)' },
  { value: 'bytes', label: '0 to 255' },
  { value: 'signed', label: '−1 to 1' },
  { value: 'maximum', label: '0 to …' },
  { value: 'imagenet', label: 'ImageNet mean and deviation' },
];

const FITS: readonly { readonly value: ImageFit; readonly label: string }[] = [
  { value: 'crop', label: 'Fill and crop' },
  { value: 'contain', label: 'Show all' },
  { value: 'stretch', label: 'Stretch' },
];

/** The input's values from a picture, resized and scaled as the model wants it, with a preview of what the model sees. */
export function ImageEditor({ field, shape, draft, onChange }: SourceProps) {
  const [mistake, setMistake] = useState<string | null>(null);
  const layout = imageLayout(field.datatype, shape);
  const { image } = draft;
  const put = (change: Partial<InputDraft['image']>) =>
    onChange({ ...draft, image: { ...image, ...change } });
  useDrawnPicture(draft, layout, onChange, setMistake);
  if (layout === null) return <p className="source-note">This shape is no picture.</p>;
  const take = async (file: File) => {
    try {
      put({ picture: await loadPicture(file), pixels: null });
      setMistake(null);
    } catch (cause) {
      setMistake(statusOf(cause).message);
    }
  };
  return (
    <div
      onPaste={(event) => {
        const file = event.clipboardData.files[0];
        if (file !== undefined) void take(file);
      }}
    >
      <div className="image-row">
        <FileTarget
          label={
            image.picture === null
              ? `Drop, paste or choose a picture for ${field.name}`
              : `Choose another picture for ${field.name}`
          }
          accept="image/*"
          onFile={(file) => void take(file)}
        >
          {image.picture === null && (
            <small className="conch-muted">Until then generated values are sent.</small>
          )}
        </FileTarget>
        {image.picture !== null && (
          <figure className="image-figure">
            <img src={image.picture.url} alt={image.picture.fileName} />
            <figcaption className="conch-truncate">
              {image.picture.fileName} {image.picture.width}×{image.picture.height}
            </figcaption>
          </figure>
        )}
        {image.picture !== null && (
          <figure className="image-figure">
            <SeenPicture layout={layout} image={image} />
            <figcaption>
              The model sees {layout.width}×{layout.height} {layout.channels === 1 ? 'gray' : 'RGB'},{' '}
              {layout.order}
            </figcaption>
          </figure>
        )}
      </div>
      {mistake !== null && (
        <p className="source-mistake" role="alert">
          {mistake}
        </p>
      )}
      <PictureSettings layout={layout} image={image} onPut={put} />
    </div>
  );
}

/** Draws the picture onto the input's height and width again whenever one of them changes. */
function useDrawnPicture(
  draft: InputDraft,
  layout: ImageLayout | null,
  onChange: SourceProps['onChange'],
  onMistake: (message: string) => void,
): void {
  const { picture, fit, pixels } = draft.image;
  const [width, height] = [layout?.width ?? 0, layout?.height ?? 0];
  const latest = useRef({ draft, onChange, onMistake });
  useEffect(() => {
    latest.current = { draft, onChange, onMistake };
  });
  const isDrawn = pixels?.width === width && pixels.height === height;
  useEffect(() => {
    if (picture === null || width === 0 || isDrawn) return;
    let isStale = false;
    const draw = async () => {
      const rgba = await drawPicture(picture, fit, { width, height });
      const { draft: now, onChange: put } = latest.current;
      if (!isStale) put({ ...now, image: { ...now.image, pixels: { width, height, rgba } } });
    };
    draw().catch((cause: unknown) => latest.current.onMistake(statusOf(cause).message));
    return () => {
      isStale = true;
    };
  }, [picture, fit, width, height, isDrawn]);
}

interface PictureSettingsProps {
  readonly layout: ImageLayout;
  readonly image: InputDraft['image'];
  readonly onPut: (change: Partial<InputDraft['image']>) => void;
}

function PictureSettings({ layout, image, onPut }: PictureSettingsProps) {
  const { options } = image;
  const ranges = layout.channels === 3 ? RANGES : RANGES.filter(({ value }) => value !== 'imagenet');
  return (
    <div className="source-row">
      <NativeSelect
        size="xs"
        label="Pixel values"
        value={options.range.kind}
        data={[...ranges]}
        onChange={(event) => onPut({ options: { ...options, range: rangeOf(event.currentTarget.value) } })}
      />
      {options.range.kind === 'maximum' && (
        <NumberInput
          size="xs"
          w={80}
          label="White is"
          value={options.range.maximum}
          onChange={(maximum) =>
            typeof maximum === 'number' &&
            onPut({ options: { ...options, range: { kind: 'maximum', maximum } } })
          }
        />
      )}
      <NativeSelect
        size="xs"
        label="Fit"
        value={image.fit}
        data={[...FITS]}
        onChange={(event) => onPut({ fit: event.currentTarget.value as ImageFit, pixels: null })}
      />
      <Switch
        size="xs"
        label="Invert"
        className="source-switch"
        checked={options.isInverted}
        onChange={(event) => onPut({ options: { ...options, isInverted: event.currentTarget.checked } })}
      />
    </div>
  );
}

function rangeOf(kind: string): PixelRange {
  switch (kind) {
    case 'bytes':
    case 'signed':
    case 'imagenet':
      return { kind };
    case 'maximum':
      return { kind, maximum: 16 };
    default:
      return { kind: 'unit' };
  }
}

/** What the model sees, pixel by pixel. */
function SeenPicture({ layout, image }: Pick<PictureSettingsProps, 'layout' | 'image'>) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { pixels, options } = image;
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (pixels === null || context === null || context === undefined) return;
    if (pixels.width !== layout.width || pixels.height !== layout.height) return;
    const seen = previewPixels(pixels.rgba, layout, options);
    context.putImageData(new ImageData(seen, layout.width, layout.height), 0, 0);
  }, [pixels, options, layout]);
  return (
    <canvas
      ref={canvas}
      width={layout.width}
      height={layout.height}
      role="img"
      aria-label="What the model sees"
      className="image-seen"
    />
  );
}
