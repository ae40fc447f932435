"""The Content-Security-Policy of a page: it uses what stands in it, no more.

The browser runs the page's own script and applies its own style sheet, which it
knows by their hashes. It refuses everything else: requests, other scripts,
handlers and style attributes, such as those in a name that was not escaped.
"""

import base64
import hashlib


def policy_tag(style: str, script: str = "") -> str:
  """Returns the element that sets the policy; it stands before what it governs.

  Args:
    style: the whole text of the page's one style element.
    script: that of its one script; "" for a page without one.
  """
  rules = [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "img-src data:",
    f"style-src {_source(style)}",
  ]
  if script:
    rules.append(f"script-src {_source(script)}")
  content = "; ".join(rules)
  return f'<meta http-equiv="Content-Security-Policy" content="{content}">'


def _source(text: str) -> str:
  """Returns what allows an element with exactly this text."""
  digest = hashlib.sha256(text.encode()).digest()
  return f"'sha256-{base64.b64encode(digest).decode()}'"
