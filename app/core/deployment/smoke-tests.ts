import { elementReader } from '../tensors/elements.ts';
import { printTensorJson } from '../tensors/tensor-json.ts';
import type { NamedTensor } from '../tensors/tensor.ts';
import type { DeploymentFile } from './deployment-facts.ts';

/** A request to a model and what it answered. */
export interface GoldenCase {
  readonly model: string;
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

/** Larger requests would make the scripts unreadable; they stay in history. */
const LARGEST_CASE = 256 * 1024;

/** Whether Triton takes and gives the values as plain JSON: no 16-bit floats, no NaN or infinity, only UTF-8 texts. */
function isPlainJson(tensor: NamedTensor): boolean {
  if (tensor.datatype === 'FP16' || tensor.datatype === 'BF16') return false;
  const reader = elementReader(tensor);
  for (let index = 0; index < reader.length; index++) {
    const element = reader.at(index);
    if (typeof element === 'number' && !Number.isFinite(element)) return false;
    if (element instanceof Uint8Array && !isUtf8(element)) return false;
  }
  return true;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** A tensor as Triton writes it: these members in this order, so that answers can be compared as text. */
function tensorJson(tensor: NamedTensor): string {
  const { name, datatype, shape } = tensor;
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":${printTensorJson(tensor, 'flat')}}`;
}

interface CaseTexts {
  readonly model: string;
  readonly request: string;
  readonly outputs: string;
}

function caseTexts({ model, inputs, outputs }: GoldenCase): CaseTexts | null {
  if (![...inputs, ...outputs].every(isPlainJson)) return null;
  const wanted = outputs.map(({ name }) => `{"name":${JSON.stringify(name)}}`);
  const texts = {
    model,
    request: `{"inputs":[${inputs.map(tensorJson).join(',')}],"outputs":[${wanted.join(',')}]}`,
    outputs: `[${outputs.map(tensorJson).join(',')}]`,
  };
  return texts.request.length + texts.outputs.length > LARGEST_CASE ? null : texts;
}

/** A text between single quotes for sh. */
function shellText(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const TOLERANCE = { relative: 1e-3, absolute: 1e-4 };

function shellScript(models: readonly string[], cases: readonly CaseTexts[]): string {
  const ready = models.map((model) => `ready ${shellText(encodeURIComponent(model))}`);
  const checks = cases.map(
    ({ model, request, outputs }) => `check ${shellText(encodeURIComponent(model))} \\
  ${shellText(request)} \\
  ${shellText(outputs)}`,
  );
  return `#!/bin/sh
# Checks a deployed Triton: are the models ready, and do saved requests get the answers that they got before?
# sh smoke.sh [http://localhost:8000]          Needs curl and awk. Ends with 1 where anything differs.
set -u
url=\${1:-http://localhost:8000}
failed=0

say() { printf '%s %s\\n' "$1" "$2"; }
fail() { say FAILED "$1"; failed=1; }

ready() {
  if curl -fsS -o /dev/null "$url/v2/models/$1/ready"; then say ok "$1 is ready"; else fail "$1 is not ready"; fi
}

# One token a line, so that numbers can be compared with tolerance and all else exactly.
tokens() { tr ',[]{}:' '\\n\\n\\n\\n\\n\\n' | sed -e 's/^ *//' -e 's/ *$//' -e '/^$/d'; }

check() {
  answer=$(printf '%s' "$2" | curl -sS -X POST -H 'Content-Type: application/json' --data-binary @- "$url/v2/models/$1/infer")
  case $answer in
    *'"outputs":'*) ;;
    *) fail "$1: $answer"; return ;;
  esac
  difference=$({ printf '%s' "$3" | tokens; echo '--answer--'; printf '%s' "\${answer#*\\"outputs\\":}" | tokens; } | awk '
    $0 == "--answer--" { isAnswer = 1; next }
    !isAnswer { expected[++count] = $0; next }
    { given[++seen] = $0 }
    function isNumber(text) { return text ~ /^-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$/ }
    END {
      if (seen != count) { print "expected " count " tokens, got " seen; exit }
      for (i = 1; i <= count; i++) {
        if (expected[i] == given[i]) continue
        e = expected[i]; g = given[i]
        distance = e - g; if (distance < 0) distance = -distance
        size = e < 0 ? -e : e + 0
        if (isNumber(e) && isNumber(g) && distance <= ${TOLERANCE.absolute} + ${TOLERANCE.relative} * size) continue
        print "expected " e ", got " g; exit
      }
    }')
  if [ -z "$difference" ]; then say ok "$1 answers as before"; else fail "$1: $difference"; fi
}

${[...ready, ...checks].join('\n')}
exit $failed
`;
}

const PYTHON_SCRIPT = `#!/usr/bin/env python3
"""Checks a deployed Triton: are the models ready, and do saved requests get the answers that they got before?

python3 smoke.py [http://localhost:8000]      Needs nothing but Python. Ends with 1 where anything differs.
The requests are in smoke-cases.json beside this file.
"""
import json
import math
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

RELATIVE, ABSOLUTE = ${TOLERANCE.relative}, ${TOLERANCE.absolute}
URL = (sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000").rstrip("/")


def ask(path, body=None):
    """The JSON answer (None where it is empty), or an error as text."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
            return (json.loads(text) if text else None), None
    except urllib.error.HTTPError as error:
        return None, f"HTTP {error.code} {error.read().decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return None, str(error)


def is_equal(expected, given):
    is_number = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (expected, given))
    if is_number and expected != given:
        return math.isclose(expected, given, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return expected == given


def difference(expected, given):
    """The first difference of two lists of outputs in words; None where there is none."""
    by_name = {output["name"]: output for output in given}
    for output in expected:
        name = output["name"]
        other = by_name.get(name)
        if other is None:
            return f"output {name} is missing"
        for member in ("datatype", "shape"):
            if output[member] != other[member]:
                return f"{name}: expected {member} {output[member]}, got {other[member]}"
        if len(output["data"]) != len(other["data"]):
            return f"{name}: expected {len(output['data'])} values, got {len(other['data'])}"
        for place, pair in enumerate(zip(output["data"], other["data"])):
            if not is_equal(*pair):
                return f"{name}[{place}]: expected {pair[0]}, got {pair[1]}"
    return None


def main():
    saved = json.loads((Path(__file__).parent / "smoke-cases.json").read_text())
    failed = False
    for model in saved["models"]:
        _, error = ask(f"/v2/models/{urllib.parse.quote(model, safe='')}/ready")
        failed = failed or error is not None
        print(f"ok {model} is ready" if error is None else f"FAILED {model} is not ready: {error}")
    for case in saved["cases"]:
        model = case["model"]
        answer, error = ask(f"/v2/models/{urllib.parse.quote(model, safe='')}/infer", case["request"])
        what = error or difference(case["outputs"], answer["outputs"])
        failed = failed or what is not None
        print(f"ok {model} answers as before" if what is None else f"FAILED {model}: {what}")
    return 1 if failed else 0


sys.exit(main())
`;

/**
 * `smoke.sh` and `smoke.py`, which check a deployed server, and the saved requests that they send. Cases that plain
 * JSON cannot hold, and very large ones, are left out.
 */
export function smokeTestFiles(
  models: readonly string[],
  cases: readonly GoldenCase[],
): readonly DeploymentFile[] {
  const texts = cases.flatMap((each) => caseTexts(each) ?? []);
  const saved = texts.map(
    ({ model, request, outputs }) =>
      `    {"model": ${JSON.stringify(model)},\n     "request": ${request},\n     "outputs": ${outputs}}`,
  );
  return [
    { path: 'smoke.sh', text: shellScript(models, texts), isExecutable: true },
    { path: 'smoke.py', text: PYTHON_SCRIPT, isExecutable: true },
    {
      path: 'smoke-cases.json',
      text: `{\n  "models": ${JSON.stringify(models)},\n  "cases": [\n${saved.join(',\n')}\n  ]\n}\n`,
    },
  ];
}
