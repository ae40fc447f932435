"""The texts in a picture."""


def texts(figure):
  """Returns the texts on all axes of a matplotlib Figure."""
  return [
    text.get_text()
    for axes in figure.axes
    for text in axes.texts
    if text.get_text()
  ]
