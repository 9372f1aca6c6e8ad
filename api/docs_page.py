"""The documentation page: the OpenAPI document as plain HTML, readable without network, script or style from
anywhere else.
"""

import json
from html import escape
from typing import Any
from urllib.parse import quote

from api.examples.scenarios import JOB
from engine.texts import Lang, say

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
h2{border-top:1px solid #bbb;padding-top:1.5rem;margin-top:2.5rem}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#f3f3ee}
pre{padding:.8rem;overflow-x:auto;border-left:4px solid #2a6f97}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;
border-bottom:1px solid #ddd}
.m{font-weight:700;color:#014f86;margin-right:.6rem}
@media(prefers-color-scheme:dark){body{background:#16181a;color:#e8e8e4}code,pre{background:#23272a}
.m{color:#89c2d9}td,th,h2{border-color:#444}}
"""
_SAMPLES = {"person": "P-1042", "kind": "case", "scenario": str(JOB["id"])}
_FILE = "application/yaml"
"""Bodies of this type are sent from a file."""
_ROLE_OF_TAG = {
    "events": "feed",
    "cases": "officer",
    "persons": "officer",
    "clusters": "officer",
    "risk": "map",
    "policies": "officer",
    "board": "officer",
    "scenarios": "epidemiologist",
}


def docs_html(spec: dict[str, Any], base_url: str, lang: Lang) -> str:
    """One page: contents; for each route what it does, parameters, a ``curl`` to copy, reply, problems."""
    routes = [(path, method, op) for path, item in spec["paths"].items() for method, op in item.items()]
    contents = "".join(
        f'<li><a href="#{escape(op["operationId"])}"><code>{method.upper()} {escape(path)}</code></a> '
        f"{escape(op.get('summary', ''))}</li>"
        for path, method, op in routes
    )
    sections = "".join(_section(path, method, op, base_url, lang) for path, method, op in routes)
    title = escape(spec["info"]["title"])
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{title} {escape(spec['info']['version'])}</h1><p>{escape(say('docs.intro', lang))} "
        f'<a href="/openapi.json">openapi.json</a></p><ul>{contents}</ul>{sections}</body></html>'
    )


def curl_of(path: str, method: str, op: dict[str, Any], base_url: str) -> str:
    """A ``curl`` command for one route, with the token in ``$TOKEN``."""
    for name, sample in _SAMPLES.items():
        path = path.replace(f"{{{name}}}", quote(sample))
    parts = ["curl"]
    if op.get("security"):
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if method not in ("get", "post"):
        parts.append(f"-X {method.upper()}")
    if method == "post" and _FILE in op["requestBody"]["content"]:
        parts.append(f"-H 'Content-Type: {_FILE}' --data-binary @scenario.yml")
    elif method == "post":
        event = op["requestBody"]["content"]["application/json"]["examples"][_SAMPLES["kind"]]["value"]
        body = json.dumps(event, ensure_ascii=False).replace("'", "'\\''")
        parts.append(f"-H 'Content-Type: application/json' \\\n  -d '{body}'")
    return " ".join([*parts, f"'{base_url}{path}'"])


def _section(path: str, method: str, op: dict[str, Any], base_url: str, lang: Lang) -> str:
    role = next((_ROLE_OF_TAG[tag] for tag in op.get("tags", []) if tag in _ROLE_OF_TAG), None)
    token = f"<p>{escape(say('docs.token', lang, role=role))}</p>" if role else ""
    content = op["responses"]["200"]["content"]
    reply = (content.get("application/json") or next(iter(content.values()))).get("example")
    shown = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False, indent=2)
    return (
        f'<h2 id="{escape(op["operationId"])}"><span class="m">{method.upper()}</span>'
        f"<code>{escape(path)}</code></h2><p>{escape(op.get('description', ''))}</p>"
        f"{_parameters(op, lang)}{token}<pre>{escape(curl_of(path, method, op, base_url))}</pre>"
        f"<pre>{escape(shown)}</pre>{_problems(op, lang)}"
    )


def _parameters(op: dict[str, Any], lang: Lang) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td>"
        f"<td>{escape(p.get('description', ''))}</td></tr>"
        for p in op.get("parameters", [])
    )
    return f"<h3>{escape(say('docs.parameters', lang))}</h3><table>{rows}</table>" if rows else ""


def _problems(op: dict[str, Any], lang: Lang) -> str:
    rows = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(answer['description'])}</td></tr>"
        for status, answer in op["responses"].items()
        if status != "200"
    )
    return f"<h3>{escape(say('docs.problems', lang))}</h3><table>{rows}</table>" if rows else ""
