"""The lint says what would be lost, where, and for whom; and nothing of a message that is sound."""

import json
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from antiphon import content
from antiphon.content.lint import clients, colours
from content.mjml_samples import TEXT, mail, text
from content.samples import COUPON, email_of

KNOWN = Path(__file__).parents[3] / "shared/data/caniemail/caniemail.json"
SOUND = '<img src="https://a.example/i.png" alt="Pears" width="200"> ' + "Words that can be read by everybody. " * 4


def found(message, **given):
    return {finding.code: finding for finding in content.lint(message, **given)}


def of_html(html, **more):
    return found(mail(text(html), preheader="x", **more))


@pytest.mark.parametrize(
    ("html", "code", "said"),
    [
        ('<img src="https://a.example/i.png" width="9">', "alt_missing", "i.png has no alt"),
        (
            '<a href="https://a.example"><img src="https://a.example/i.png" alt="" width="9"></a>',
            "alt_empty",
            "its alt is empty",
        ),
        ('<img src="https://a.example/i.png" alt="x">', "image_width", "has no width"),
        ('<img src="http://a.example/i.png" alt="x" width="9">', "image_url", "not loaded over https"),
        (
            '<span style="color:#888888">pale</span>',
            "contrast",
            "#888888 on #ffffff has a contrast of 3.5; 4.5 is needed",
        ),
        ('<div style="background:#000000">dark</div>', "contrast", "#000000 on #000000 has a contrast of 1.0"),
        (
            '<table bgcolor="#777777"><tr><td style="color:#ffffff">x</td></tr></table>',
            "contrast",
            "contrast of 4.5; 4.5",
        ),
        ('<span style="font-size:9px">small</span>', "small_text", "Text of 9 px"),
        ('<a href="http://a.example/">x</a>', "http_link", "http://a.example/ is not https"),
        ('<a href="#">x</a>', "dead_link", "leads nowhere"),
        (
            '<a href="https://a.example/" style="display:block;padding:4px;line-height:20px">x</a>',
            "touch_target",
            "28 px high",
        ),
        (
            '<div style="display:flex;gap:4px">x</div>',
            "client.css-display-flex",
            "display:flex: the layout falls back in",
        ),
        ('<div style="display:flex;gap:4px">x</div>', "client.css-gap", "gap"),
        ("<video></video>", "client.html-video", "it is not shown in"),
        ('<img src="https://a.example/i.webp" alt="x" width="9">', "client.image-webp", "Outlook for Windows"),
        ('<p style="width:calc(1px + 2px)">x</p>', "client.css-unit-calc", "calc"),
        ("Hello {{ customer.name }}", "unknown_variable", "customer.name is nothing that every message knows"),
    ],
)
def test_what_would_be_lost_is_told(html, code, said):
    findings = of_html(html)
    assert code in findings, findings.keys()
    assert said in findings[code].message
    assert findings[code].at == "locales.en.email.mjml"


def test_a_mail_that_gmail_cuts_is_an_error():
    large = mail(f"<mjml><mj-body>{TEXT.format('Words') * 100}</mj-body></mjml>")
    assert found(large)["clipped"].severity == "error"
    small = mail(f"<mjml><mj-body>{TEXT.format('Words') * 50}</mj-body></mjml>")
    assert "clipped" not in found(small)
    assert found(small, size=103_000)["clipped"].severity == "hint"


def test_a_sound_mail_has_no_findings():
    assert of_html(SOUND, text="x") == {}
    blocks = email_of(
        {"kind": "heading", "text": "Pears"},
        {"kind": "text", "text": "Words that can be read by everybody. " * 4},
        {"kind": "image", "src": "https://a.example/i.png", "alt": "Pears"},
        {"kind": "button", "label": "Go", "url": "https://a.example/"},
        preheader="x",
    )
    assert found(blocks) == {}


@pytest.mark.parametrize("large", ["font-size:24px", "font-size:19px;font-weight:bold"])
def test_large_text_needs_less_contrast(large):
    assert "contrast" not in of_html(f'<span style="color:#888888;{large}">pale</span>')


@pytest.mark.parametrize(
    "html",
    [
        '<div style="background:#000000"><span style="color:#ffffff">x</span></div>',
        '<div style="background:url(https://a.example/i.png)"><span style="color:#ffffff">x</span></div>',
        '<span style="color:{{ account.colour }}">x</span>',
        '<span style="display:none;color:#ffffff">x</span>',
        '<p style="color:#ffffff"> &nbsp; </p>',
    ],
)
def test_contrast_is_judged_only_where_both_colours_are_known(html):
    assert "contrast" not in of_html(html)


def test_contrast_is_that_of_the_standard():
    """WCAG 2.2: black on white is 21; #767676 is the palest grey that passes on white."""
    grey, paler = colours.colour("#767676"), colours.colour("#777")
    assert colours.contrast(colours.BLACK, colours.WHITE) == pytest.approx(21)
    assert colours.contrast(grey, colours.WHITE) >= 4.5 > colours.contrast(paler, colours.WHITE)
    assert colours.colour("rgb(255, 0, 0)") == colours.colour("red") == colours.colour("#F00")
    assert colours.colour("rgba(0,0,0,.5)") is colours.colour("var(--x)") is None


def test_styles_of_a_sheet_are_judged_as_well():
    source = f"<mjml><mj-head><mj-style>{{}}</mj-style></mj-head><mj-body>{TEXT}</mj-body></mjml>"
    css = "@font-face{font-family:x} @media (prefers-color-scheme:dark){a:hover>b{color:red}} .a{position:absolute}"
    codes = found(mail(source.replace("{}", css, 1))).keys()
    expected = {"at-font-face", "at-media-prefers-color-scheme", "position", "selector-child"}
    assert {f"client.css-{name}" for name in expected} <= codes


def test_what_the_compiler_brings_is_not_held_against_the_author():
    assert not [code for code in of_html(SOUND, text="x") if code.startswith("client.")]


def test_a_mail_of_images_only_is_told():
    image = '<mj-image src="https://a.example/i.png" alt="" />'
    source = f"<mjml><mj-body>{TEXT.replace('<mj-text>{}</mj-text>', image)}</mj-body></mjml>"
    assert "image_only" in found(mail(source))


def test_a_footer_of_ones_own_needs_the_address():
    own = '<a href="{{ unsubscribe_url }}">Leave</a>'
    assert "postal_address" in of_html(own)
    assert "postal_address" not in of_html(own + " {{ postal_address }}")
    document = {"name": "m", "topic": "t", "purpose": "code"}
    code = content.parse({**document, "locales": {"en": {"email": {"subject": "x", "mjml": text(own)}}}})
    assert "postal_address" not in found(code)


@pytest.mark.parametrize(
    ("subject", "code", "severity"),
    [
        ("x" * 61, "subject_long", "hint"),
        ("x" * 121, "subject_long", "warning"),
        ("BUY THIS TODAY", "all_caps", "hint"),
        ("Now!!!", "all_caps", "hint"),
    ],
)
def test_subjects_are_judged(subject, code, severity):
    finding = found(email_of({"kind": "divider"}, subject=subject))[code]
    assert (finding.at, finding.severity) == ("locales.en.email.subject", severity)


def test_a_name_in_capitals_is_no_shouting():
    assert "all_caps" not in found(email_of({"kind": "divider"}, subject="Your NATO news from the shop"))


def short(text, **more):
    return found(content.parse({"name": "m", "topic": "t", "locales": {"en": {"sms": {"text": text}}}, **more}))


def test_an_sms_tells_what_it_costs():
    assert short("Hello. Reply STOP") == {}
    assert "2 segments" in short("x" * 161 + " STOP")["sms_segments"].message
    assert short("x" * 161 + " STOP")["sms_segments"].severity == "hint"
    assert short("x" * 400 + " STOP")["sms_segments"].severity == "warning"
    assert "✓ is not in GSM-7" in short("Done ✓ " + "x" * 70 + " STOP")["sms_ucs2"].message
    assert short("Done ✓ STOP")["sms_ucs2"].severity == "hint"


def test_an_sms_of_marketing_names_the_way_out():
    assert "sms_way_out" in short("Hello")
    assert "sms_way_out" not in short("Hello", purpose="transactional")


def test_a_push_that_is_cut_is_told():
    push = {"title": "t" * 51, "body": "b" * 151}
    findings = content.lint(content.parse({"name": "m", "topic": "t", "locales": {"en": {"push": push}}}))
    assert [(finding.at, finding.code) for finding in findings] == [
        ("locales.en.push.title", "push_long"),
        ("locales.en.push.body", "push_long"),
    ]


def test_what_is_empty_for_a_person_is_told_unless_it_has_a_default():
    message = email_of(
        {"kind": "text", "text": "{{ profile.city }} {{ profile.pet | default: 'x' }} {{ profile.name }}"}
    )
    sample = {"profile": {"name": "Ann"}}
    (finding,) = [f for f in content.lint(message, sample=sample) if f.code == "empty_variable"]
    assert (finding.at, finding.severity) == ("locales.en.email.blocks[0].text", "warning")
    assert "profile.city" in finding.message


def test_a_variant_is_judged_where_it_differs():
    document = {**COUPON, "variants": {"b": {"en": {"email": {"subject": "BUY THIS TODAY"}}}}}
    places = {finding.at for finding in content.lint(content.parse(document)) if finding.code == "all_caps"}
    assert places == {"variants.b.en.email.subject"}


def test_the_gravest_come_first():
    severities = [finding.severity for finding in content.lint(mail(f"<mjml><mj-body>{TEXT * 100}</mj-body></mjml>"))]
    assert severities == sorted(severities, key=["error", "warning", "hint"].index)
    assert severities[0] == "error"


def test_the_table_of_clients_is_whole():
    table = clients.table()
    assert len(table.features) >= 60
    assert len({find for feature in table.features for find in feature.finds}) == sum(
        len(feature.finds) for feature in table.features
    )
    assert all(len(feature.support) == len(table.clients) for feature in table.features)
    assert {feature.matters for feature in table.features} <= {"layout", "looks", "content"}


@pytest.mark.skipif(not KNOWN.is_file(), reason="the facts of shared/data/caniemail are absent")
def test_the_table_of_clients_says_what_the_tests_say():
    """Each letter is the newest test of that client, as Can I email has it."""
    known = {feature["slug"]: feature for feature in json.loads(KNOWN.read_text("utf-8"))["features"]}
    for feature in clients.table().features:
        for (key, _), letter in zip(clients.table().clients, feature.support, strict=True):
            family, platform = key.split(".", 1)
            tests = known[feature.slug]["stats"].get(family, {}).get(platform, {})
            newest = list(tests.values())[-1][0] if tests else "u"
            assert letter == newest, (feature.slug, key)


def test_the_tables_name_their_source():
    for name in ("mail_clients.toml", "mjml.toml"):
        written = resources.files("antiphon.content").joinpath("data").joinpath(name).read_text("utf-8")
        assert "# Source: " in written
        tomllib.loads(written)
