"""Lines that mail takes as they are, and what says the same to everybody made once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.channels.adapters.email.headers import LINE_MAX
from antiphon.content.email_made import same_for_all
from antiphon.content.folding import LINE_CHARS, fold_tags, fold_words
from antiphon.content.message import Button, Divider, Heading, Text
from antiphon.kernel.records import Channel
from content.mjml_samples import OFFERS, PLAIN, SOMEBODY, mail
from content.samples import email_of, render

words = st.lists(st.text("abcdé ;&#39\u3042", min_size=1, max_size=300), max_size=12).map(" ".join)


def lines_of(html):
    return [len(line.encode()) for line in html.split("\n")]


@given(words)
def test_words_stay_words(text):
    folded = fold_words(text)
    assert folded.replace("\n", " ") == text
    longest = max((len(word) for word in text.split(" ")), default=0)
    assert max(map(len, folded.split("\n"))) <= LINE_CHARS + longest


def test_a_long_paragraph_is_no_long_line():
    said = "Zoë's roasts are in & “hot”. " * 400
    made = email_of({"kind": "text", "text": said}, subject="é" * 400, preheader="é" * 300)
    body = render(made, Channel.EMAIL)
    assert max(lines_of(body.html)) <= LINE_MAX
    assert " ".join(re.findall(r"Zoë[^<]*", body.html)[0].split()).count("roasts") == 400


def test_paragraphs_stand_on_lines_of_their_own():
    body = render(email_of({"kind": "text", "text": "one\n\ntwo\nthree"}), Channel.EMAIL)
    assert re.sub(r' style="[^"]*"', "", body.html).count("<p>one</p>\n<p>two<br>\nthree</p>") == 1


def test_a_page_is_broken_behind_names_of_tags_and_nowhere_in_liquid():
    attribute = f'class="{"a" * LINE_CHARS}"'
    page = f"<p {attribute}>{{{{ '<p {attribute} ' }}}}<b {attribute}>x</b></p>"
    assert fold_tags(page) == page.replace(f"<b {attribute}", f"<b\n{attribute}")


@pytest.mark.parametrize("source", [OFFERS, PLAIN], ids=["offers", "plain"])
def test_compiled_mjml_needs_no_quoted_printable(source):
    body = render(mail(source), Channel.EMAIL, variables=SOMEBODY)
    assert max(lines_of(body.html)) <= LINE_MAX


def test_what_says_the_same_to_everybody_is_made_once():
    blocks = (
        Heading("News"),
        Text("For all.\n\nOf you."),
        Text("{{ code }}"),
        Divider(),
        Button("Go", "https://a.example"),
    )
    made = same_for_all(blocks)
    assert made is same_for_all(tuple(blocks))
    assert [known is not None for known in made] == [True, True, False, True, False]


@given(
    st.lists(
        st.sampled_from(["Plain.", "A\x07bell", "{% if true %}x{% endif %}", "<b>", "..."]), min_size=1, max_size=5
    )
)
def test_it_is_the_same_as_made_for_one(texts):
    """A variable that is not there says nothing: with it, each block is rendered for one."""
    kinds = ("heading", "text")
    still = [{"kind": kinds[n % 2], "text": text} for n, text in enumerate(texts)]
    moving = [{**block, "text": f"{block['text']}{{{{ nothing }}}}"} for block in still]
    assert render(email_of(*still), Channel.EMAIL) == render(email_of(*moving), Channel.EMAIL)
