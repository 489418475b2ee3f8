"""Reads forms from the standard input, a JSON list of [content type, body in base64]; writes what each parser takes for the model."""
import base64
import io
import json
import sys

import python_multipart
import werkzeug.formparser


def of_python_multipart(content_type, body):
    found = []
    parser = python_multipart.create_form_parser(
        {"Content-Type": content_type.encode("latin1")},
        lambda field: found.append((field.field_name, field.value)),
        lambda file: None,
    )
    parser.write(body)
    parser.finalize()
    return [(value or b"").decode("latin1") for name, value in found if name == b"model"]


def of_werkzeug(content_type, body):
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "REQUEST_METHOD": "POST",
    }
    _, form, _ = werkzeug.formparser.parse_form_data(environ)
    return form.getlist("model")


def attempt(parse, content_type, body):
    try:
        return parse(content_type, body)
    except Exception:  # A form that a parser refuses carries no model.
        return []


cases = [(kind, base64.b64decode(body)) for kind, body in json.load(sys.stdin)]
json.dump([[attempt(parse, *case) for parse in (of_python_multipart, of_werkzeug)] for case in cases], sys.stdout)
