"""Styles of single elements, moved to the style sheet of their page.

The page's policy (`policy.py`) allows no style attributes.
"""

import html
import re

_TAG = re.compile(r"<\w[^<>]*>")
_ATTRIBUTE = re.compile(r' ([\w:-]+)="([^"]*)"')


def moved(body_html: str) -> tuple[str, str]:
  """Returns HTML without style attributes, and the rules that stand for them.

  As attributes do, the rules win over those of a cascade layer.

  Args:
    body_html: its texts are escaped, and its attributes in double quotes.
  """
  numbers: dict[str, int] = {}

  def without_style(attribute: re.Match) -> str:
    name, value = attribute.groups()
    if name != "style":
      return attribute[0]
    number = numbers.setdefault(html.unescape(value), len(numbers))
    return f' data-style="{number}"'

  body_html = _TAG.sub(
    lambda tag: _ATTRIBUTE.sub(without_style, tag[0]), body_html
  )
  rules = "".join(
    f'[data-style="{number}"] {{ {style} }}\n'
    for style, number in numbers.items()
  )
  return body_html, rules
