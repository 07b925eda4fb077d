import { isLinkToLargeFile } from './detect-models.ts';
import { describeUnservable } from './format-description.ts';
import type { Candidate } from './format.ts';
import { hasText } from './format.ts';
import type { Fix, ModelDescription } from './model-description.ts';

/** The description of a file that is no model, or none that Conch knows: what it is instead, and what to do. */
export function describeUnknown(candidate: Candidate): ModelDescription {
  const [reason, fix] = whatItIs(candidate);
  return describeUnservable({ byteSize: candidate.source.size, reason, fix });
}

/** The description of nothing: an empty folder. */
export function describeNothing(): ModelDescription {
  return describeUnservable({
    byteSize: 0,
    reason: 'There is no file here.',
    fix: { text: 'Open a model file, a folder with one, or a model repository.' },
  });
}

function whatItIs({ head, source, zip, zipProblem }: Candidate): [string, Fix] {
  const known =
    'Conch serves ONNX models and explains PyTorch, TensorFlow, TensorRT, OpenVINO and other files.';
  if (source.size === 0) return ['The file is empty (0 bytes).', { text: 'Copy or export the model again.' }];
  if (isLinkToLargeFile(head)) {
    return [
      'The file is a Git LFS pointer: a few lines of text that stand for the model, not the model.',
      {
        text: 'Fetch the real file where you cloned the repository:',
        lines: ['git lfs install', 'git lfs pull'],
        language: 'sh',
      },
    ];
  }
  if (zipProblem !== undefined) {
    return [
      `The file begins as a zip archive (PyTorch models are such) but is damaged: ${zipProblem}.`,
      { text: 'Copy or save the file again.' },
    ];
  }
  if (zip !== null) {
    const names = zip.entries.slice(0, 3).map(({ name }) => name);
    return [
      `The file is a zip archive without a model that Conch knows (${names.join(', ')}, …).`,
      { text: 'Unpack it and open the model inside, or open the archive of a model repository.' },
    ];
  }
  if (/^\s*(<!doctype html|<html)/i.test(new TextDecoder('utf-8').decode(head.subarray(0, 200)))) {
    return [
      'The file is a web page, not a model: the download led to a page.',
      { text: 'Download the file itself.' },
    ];
  }
  if (hasText(head, 'ORTM', 4)) {
    return [
      'The file is in the ORT format, which Triton does not serve.',
      { text: 'Use the .onnx file from which it was made.' },
    ];
  }
  return ['Nothing in this file says what kind of model it is.', { text: known }];
}
