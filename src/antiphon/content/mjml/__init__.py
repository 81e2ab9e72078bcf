"""MJML: checked against what MJML allows, then compiled once, never for each person.

`flaws` names what is wrong with its line; `compile` gives HTML in which the author's Liquid stands where it stood. The
compiler (mrml) takes tags it does not know and attributes it does not use without a word and stops at a `<` in a
text, so it never sees what the author wrote: it gets the tree that we read and checked, with marks in place of Liquid
and of the HTML inside texts. Nothing is ever loaded: no `mj-include`, no style sheet, no font.
"""

from antiphon.content.mjml.check import flaws
from antiphon.content.mjml.compile import Compiled, Fault, compile, compile_fragments
from antiphon.content.mjml.tree import Element, read, strays

__all__ = ["Compiled", "Element", "Fault", "compile", "compile_fragments", "flaws", "read", "strays"]
