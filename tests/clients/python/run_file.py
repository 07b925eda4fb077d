"""Runs every function test_... of a file, in order, and prints one line of JSON for each."""

import asyncio
import importlib.util
import inspect
import json
import os
import sys
import time
import traceback


class Skip(Exception):
    """This cannot run here; the text says why."""


def needs(name, reason=""):
    """The value of an environment variable that the runner sets where there is something to run."""
    value = os.environ.get(name, "")
    if value == "":
        raise Skip(os.environ.get(f"{name.split('_HTTP')[0]}_REASON", "") or reason or f"{name} is not there")
    return value


def run(function):
    started = time.monotonic()
    outcome, reason = "passed", ""
    try:
        result = function()
        if inspect.isawaitable(result):
            asyncio.run(result)
    except Skip as skip:
        outcome, reason = "skipped", str(skip)
    except BaseException as failure:
        where = traceback.extract_tb(failure.__traceback__)[-1]
        outcome = "failed"
        reason = f"{type(failure).__name__}: {failure} ({os.path.basename(where.filename)}:{where.lineno}: {where.line})"
    return {"name": function.__name__.removeprefix("test_").replace("_", " "), "outcome": outcome, "reason": reason, "seconds": round(time.monotonic() - started, 2)}


def main(path):
    sys.path.insert(0, os.path.dirname(path))
    sys.modules["run_file"] = sys.modules["__main__"]
    spec = importlib.util.spec_from_file_location("tests", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, function in list(vars(module).items()):
        if name.startswith("test_") and callable(function):
            print(json.dumps(run(function)), flush=True)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
