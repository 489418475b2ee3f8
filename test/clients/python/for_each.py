"""Runs a program for each of several gateways, in one interpreter: importing a library takes longer than using it."""

import contextlib
import io
import json
import runpy
import sys
import traceback

program, key, model, *urls = sys.argv[1:]
for url in urls:
    sys.argv = [program, url, key, model]
    printed, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(program)
    except BaseException:
        error = traceback.format_exc()
    print(json.dumps([printed.getvalue().strip(), error]), flush=True)
