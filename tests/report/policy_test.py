"""What a page allows, and styles of elements in its style sheet."""

import base64
import hashlib
import html
import html.parser
import re

import pytest

from cascade_jax.report import element_styles
from cascade_jax.report.policy import policy_tag


def test_the_policy_allows_exactly_these_texts():
  style, script = "b { color: red }\n", "let é = 1;"
  tag = policy_tag(style, script)
  for kind, text in (("style", style), ("script", script)):
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"{kind}-src 'sha256-{digest}'" in tag
  assert "default-src 'none'" in tag and "unsafe" not in tag
  assert "script-src" not in policy_tag(style)  # so the default forbids it


class Styled(html.parser.HTMLParser):
  """The tag, the style and the other attributes of each element, in order."""

  def __init__(self, text, rules=""):
    super().__init__()
    self.found = []
    found = re.findall(r'\[data-style="(\d+)"\] \{ (.*) \}', rules)
    self._styles = dict(found)
    assert len(self._styles) == len(found)
    self.feed(text)

  def handle_starttag(self, tag, attrs):
    attrs = dict(attrs)
    number = attrs.pop("data-style", None)
    style = attrs.pop("style", None) or self._styles.get(number)
    self.found.append((tag, style, attrs))

  handle_startendtag = handle_starttag


@pytest.mark.parametrize(
  "text",
  [
    '<i class="chip" style="background:#fff"></i><b style="--share:0.5">x</b>',
    '<path d="M 0 0" style="font: 9px \'A B\'; fill: none"/>',
    '<td style="color:red">1</td><td style="color:red">2</td><td>3</td>',
    '<p title="a style=" lang="en" style="x:1">a style="x" b</p>',
    '<p title="&lt;b style=&quot;x&quot;&gt;">&lt;b style=&quot;x&quot;</p>',
    "<svg><text style=\"font-family: &quot;A&quot;\">style='x'</text></svg>",
  ],
)
def test_each_element_keeps_its_style(text):
  moved, rules = element_styles.moved(text)
  assert Styled(moved, rules).found == Styled(text).found
  assert re.sub("<.*?>", "", moved) == re.sub("<.*?>", "", text)
  assert not [attrs for *_, attrs in Styled(moved).found if "style" in attrs]
  styles = {style for _, style, _ in Styled(text).found if style}
  assert rules.count("\n") == len(styles)  # each of them once
